"""Writes the data files of the reading that `make lexicon` ships: the lexicon's index and the weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable

from satark_words.lexicon_files import PHRASES, WORDS, digest, read_phrases
from satark_words.tokens import Keys
from satark_words.weights import Weights


def index_files(folder: Traversable, keys: Mapping[str, Keys]) -> Mapping[str, str]:
    """Make the files of the index, by name, from the lexicon in a folder and the keys of all its words."""
    by_mark: dict[str, dict[str, None]] = {}
    for phrase in read_phrases(folder):
        written = " ".join(phrase.words) + "*" * phrase.ending
        by_mark.setdefault(phrase.mark, {})[written] = None
    phrases = [f"{mark}\t{','.join(phrases)}" for mark, phrases in by_mark.items()]
    words = ["\t".join((word, *keys[word])) for word in sorted(keys)]
    return {PHRASES: "\n".join([digest(folder), *phrases, ""]), WORDS: "\n".join([*words, ""])}


def weights_file(digest: str, weights: Mapping[str, Weights]) -> str:
    """Return the text of the file of the weights, by sense."""
    return "\n".join([digest, *(line for sense in sorted(weights) for line in _lines(sense, weights[sense])), ""])


def _lines(sense: str, weights: Weights) -> Iterator[str]:
    yield f"{sense}\t{weights.base}"
    names: dict[int, list[str]] = {}
    for name in sorted(weights.by_name):
        names.setdefault(weights.by_name[name], []).append(name)
    yield from (f"{sense}\t{weight}\t{' '.join(names[weight])}" for weight in sorted(names))
