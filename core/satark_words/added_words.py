"""Words by which languages outside the lexicon are understood: the `lexicon` of each language's own folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from satark_words.index import LexiconError
from satark_words.languages import lexicon_folders


def added_words() -> Mapping[str, Sequence[str]]:
    """Read the phrases of these languages by mark, as the lexicon's own files have them.

    Raises:
        LexiconError: a file is not what it should be.
    """
    found: dict[str, list[str]] = {}
    for folder in lexicon_folders():
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if not file.name.endswith(".yaml"):
                continue
            try:
                marks = msgspec.yaml.decode(file.read_bytes(), type=dict[str, str])
            except msgspec.MsgspecError as error:
                raise LexiconError(f"the lexicon's file {file.name} can't be read: {error}") from error
            for mark, words in marks.items():
                found.setdefault(mark, []).extend(words.split(","))
    return found
