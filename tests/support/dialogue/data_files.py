"""Writes the data files of the reading that `make lexicon` ships: the lexicon's index and both files of weights."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable

from satark_words.danger import LetterWeights
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


def weights_file(weights: Weights) -> str:
    """Return the text of the file of the weights of words and marks."""
    lines = [f"{name}\t{weights.by_name[name]}" for name in sorted(weights.by_name)]
    return "\n".join([f"{weights.digest}\t{weights.base}", *lines, ""])


def letters_file(letters: LetterWeights) -> str:
    """Return the text of the file of the weights of groups of letters."""
    lines: dict[int, list[str]] = {}
    for group in sorted(letters.weights):
        lines.setdefault(letters.weights[group], []).append(group)
    rows = (f"{weight}\t{' '.join(lines[weight])}" for weight in sorted(lines))
    return "\n".join([f"{letters.digest}\t{letters.base}", *rows, ""])
