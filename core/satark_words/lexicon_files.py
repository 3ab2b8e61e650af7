"""The files of the lexicon: the phrases that they list, split and folded.

Other languages add words in the `lexicon` of their own folders: `added_phrases`.
"""

from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

import msgspec

from satark_words.languages import lexicon_folders
from satark_words.spelling import VERB
from satark_words.tokens import tokenize


class LexiconError(ValueError):
    """A file of the lexicon can't be used; the message names it."""


class Phrase(NamedTuple):
    """A phrase of the lexicon."""

    mark: str
    words: tuple[str, ...]
    """The folded words of the phrase."""
    ending: bool = False
    """Whether the last word may have any ending."""


def shipped_folder() -> Traversable:
    """The folder of the lexicon that comes with Satark."""
    return files("satark_words") / "lexicon"


def digest(folder: Traversable) -> str:
    """Return the digest of a lexicon's files."""
    whole = sha256()
    for name, file in _files(folder):
        whole.update(name.encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()


def read_phrases(folder: Traversable) -> Iterator[Phrase]:
    """Read the phrases from the files of a lexicon.

    Raises:
        LexiconError: a file is not what it should be.
    """
    for name, file in _files(folder):
        if "/" in name:
            yield from _phrases_in(name, file)


def _phrases_in(name: str, file: Traversable) -> Iterator[Phrase]:
    try:
        marks = msgspec.yaml.decode(file.read_bytes(), type=dict[str, str])
    except msgspec.MsgspecError as error:
        raise LexiconError(f"the lexicon's file {name} can't be read: {error}") from error
    for mark, words in marks.items():
        yield from (phrase for one in words.split(",") for phrase in phrase_of(mark, one))


def phrase_of(mark: str, written: str) -> Iterator[Phrase]:
    """Yield one phrase as it is written in the files; nothing if it contains no word."""
    words = tuple(_folded(written.replace("*", "")))
    if words:
        yield Phrase(mark, words, written.rstrip().endswith("*"))


def _folded(written: str) -> Iterator[str]:
    """Yield the folded words of a phrase; a verb keeps its `+`."""
    for word in written.split():
        folded = [token.text for token in tokenize(word.removesuffix(VERB))]
        yield from folded[:-1]
        yield from (last + VERB if word.endswith(VERB) and len(word) > 1 else last for last in folded[-1:])


def read_aliases(folder: Traversable) -> dict[str, str]:
    """Return short form → the word that it stands for."""
    read = msgspec.yaml.decode((folder / "aliases.yaml").read_bytes(), type=dict[str, str])
    return {short.strip(): word for word, shorts in read.items() for short in shorts.split(",")}


def _files(folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from ((f"{entry.name}/{name}", file) for name, file in _files(entry))
        elif entry.name.endswith(".yaml"):
            yield entry.name, entry


def added_phrases() -> list[Phrase]:
    """Return the phrases of the added languages.

    Raises:
        LexiconError: a file is not what it should be.
    """
    return [one for folder in lexicon_folders() for file in _files(folder) for one in _phrases_in(*file)]
