"""The files of the lexicon, and their index: phrases that are split and folded, and words with their keys.

The index is data, beside the lexicon (`lexicon/_index/`), written by `make lexicon`. It begins with the digest of its
source files. If these have changed, it is not used, and the lexicon is read from its files, which takes half a second
longer. Other languages add words in the `lexicon` of their own folders: `added_phrases`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

import msgspec

from satark_words.languages import lexicon_folders
from satark_words.spelling import VERB
from satark_words.tokens import Keys, tokenize

PHRASES: Final = "phrases.tsv"
"""File of the phrases. The first line is the digest. Each further line is a mark, a tab, and the mark's phrases,
separated by commas."""
WORDS: Final = "words.tsv"
"""File of the words. Each line is a word and its three keys, separated by tabs."""


class LexiconError(ValueError):
    """A file of the lexicon can't be used; the message names it."""


class Phrase(NamedTuple):
    """A phrase of the lexicon."""

    mark: str
    words: tuple[str, ...]
    """The folded words of the phrase."""
    ending: bool = False
    """Whether the last word may have any ending."""


class Index(NamedTuple):
    """The data from which the lexicon is built."""

    phrases: Sequence[Phrase]
    keys: Mapping[str, Keys] = {}
    """The keys of the words that the index lists; those of other words are computed."""


def shipped_folder() -> Traversable:
    """The folder of the lexicon that comes with Satark."""
    return files("satark_words") / "lexicon"


def read_index(folder: Traversable) -> Index:
    """Read the index of a lexicon; if it is older than the lexicon's files, read the files.

    Raises:
        LexiconError: a file is malformed.
    """
    written = folder / "_index"
    lines = (written / PHRASES).read_text("utf-8").splitlines() if (written / PHRASES).is_file() else []
    if lines[:1] != [digest(folder)]:
        return Index(read_phrases(folder))
    rows = (line.split("\t") for line in (written / WORDS).read_text("utf-8").splitlines())
    return Index(list(_indexed(lines[1:])), {word: Keys(sound, frame, bones) for word, sound, frame, bones in rows})


def digest(folder: Traversable) -> str:
    """Return the digest of a lexicon's files, without the index."""
    whole = sha256()
    for name, file in _files(folder):
        whole.update(name.encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()


def _indexed(lines: list[str]) -> Iterator[Phrase]:
    for line in lines:
        mark, _, phrases = line.partition("\t")
        for written in phrases.split(","):
            ending = written[-1] == "*"
            yield Phrase(mark, tuple((written[:-1] if ending else written).split(" ")), ending)


def read_phrases(folder: Traversable) -> list[Phrase]:
    """Read the phrases from the files of a lexicon.

    Raises:
        LexiconError: a file is malformed.
    """
    return [phrase for name, file in _files(folder) if "/" in name for phrase in _phrases_in(name, file)]


def _phrases_in(name: str, file: Traversable) -> Sequence[Phrase]:
    try:
        marks = msgspec.yaml.decode(file.read_bytes(), type=dict[str, str])
    except msgspec.MsgspecError as error:
        raise LexiconError(f"the lexicon's file {name} can't be read: {error}") from error
    return index_of((mark, one) for mark, words in marks.items() for one in words.split(",")).phrases


def index_of(written: Iterable[tuple[str, str]]) -> Index:
    """Index pairs of a mark and a phrase as the files write it. Phrases without a word are left out."""
    found = (Phrase(mark, tuple(_folded(one.replace("*", ""))), one.rstrip().endswith("*")) for mark, one in written)
    return Index([phrase for phrase in found if phrase.words])


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
        if entry.is_dir() and not entry.name.startswith("_"):
            yield from ((f"{entry.name}/{name}", file) for name, file in _files(entry))
        elif entry.name.endswith(".yaml"):
            yield entry.name, entry


def added_phrases() -> list[Phrase]:
    """Return the phrases of the added languages.

    Raises:
        LexiconError: a file is malformed.
    """
    return [one for folder in lexicon_folders() for file in _files(folder) for one in _phrases_in(*file)]
