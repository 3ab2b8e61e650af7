"""Write the index of the lexicon that comes with Satark: `make lexicon`, after each change of its words."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from satark_words.index import index_files, shipped_folder
from satark_words.lexicon import Lexicon

_FOLDER: Final = Path(str(shipped_folder())) / "_index"


def main() -> None:
    """Write the files."""
    _FOLDER.mkdir(exist_ok=True)
    for name, text in index_files(shipped_folder(), Lexicon.shipped(indexed=False).keys).items():
        (_FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
