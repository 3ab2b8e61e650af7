"""Writes the data files of the reading that `make lexicon` ships: both files of weights."""

from __future__ import annotations

from satark_words.danger import LetterWeights
from satark_words.weights import Weights


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
