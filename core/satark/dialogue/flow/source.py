"""Reading a flow of one's own from a folder."""

from __future__ import annotations

from pathlib import Path

from satark.catalogues import CatalogueError, Catalogues
from satark.dialogue.flow.definition import FlowError, FlowProblem, FlowSource


def read_flow(path: Path) -> FlowSource:
    """Read a flow file; `<language>.po` files in a folder `texts` beside it go over the shipped words.

    Raises:
        FlowError: a file is not what it should be.
        OSError: a file can't be read.
    """
    try:
        catalogues = Catalogues.shipped().beside(path.parent / "texts")
        return FlowSource(name=path.stem, text=path.read_text("utf-8"), catalogues=catalogues)
    except (CatalogueError, UnicodeDecodeError) as error:
        raise FlowError([FlowProblem(text=str(error))]) from error
