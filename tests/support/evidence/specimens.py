"""Specimens: files as phones and office programs make them, with planted markers that a scrubber must remove."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from support.evidence.documents import DOCUMENTS, document
from support.evidence.images import IMAGES, make_image
from support.evidence.recordings import RECORDINGS, make_recording
from support.evidence.unusual import UNUSUAL, make_unusual


def specimen_names(*tables: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the names of all specimens, or of these tables of types."""
    return [name for table in tables or (IMAGES, RECORDINGS, DOCUMENTS) for made in table.values() for name in made]


def specimen(name: str, folder: Path) -> Path:
    """Make the specimen of this name in a folder, unless it is there already.

    The names are in `IMAGES`, `RECORDINGS`, `UNUSUAL` and `DOCUMENTS`.
    """
    path = folder / f"specimen.{name}"
    if path.exists():
        return path
    if name in specimen_names(IMAGES):
        path.write_bytes(make_image(name, folder))
    elif name in specimen_names(UNUSUAL):
        make_unusual(name, path)
    elif name in specimen_names(DOCUMENTS):
        path.write_bytes(document(name, make_image("jpg", folder)))
    else:
        make_recording(name, path)
    return path
