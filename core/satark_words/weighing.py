"""Weights of words and marks: how much each of a text's speaks for a sense, where no rule tells.

The weights are data, `weights.tsv`, counted from the corpus of utterances by `make lexicon`: a line with the digest of
what they were counted from and the weights that every text begins with; then of each word or mark a line: it, its
weight for a danger, and those for other senses, `MINE:120,wait:-30`, in hundredths of a logit. A word is the sound of
a word without its last vowels (`plain`), so that scripts, spellings and most endings meet; a mark begins with `=`.
What is not there weighs nothing. The sum is the logit of the sense.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from satark_words.analysis import Analysis

FILE: Final = "weights.tsv"
DANGER: Final = "danger"
_HUNDREDTHS: Final = 100


class Weights(NamedTuple):
    """The weights of every sense."""

    digest: str
    """Of the texts and words that they were counted from."""
    base: str
    by_name: Mapping[str, str]
    """Word or mark → its weights, as they are in the file: most are never asked for."""

    def danger(self, analysis: Analysis) -> float:
        """Return the logit of a danger: a text's words and marks summed up, each counted once."""
        return sum(_row(self.base, line)[0] for line in self._lines(analysis)) / _HUNDREDTHS

    def others(self, analysis: Analysis) -> Mapping[str, float]:
        """Return the logit of each other sense of a text."""
        rows = [_row(self.base, line) for line in self._lines(analysis)]
        _, *sums = map(sum, zip(*rows, strict=True))
        return {sense: weight / _HUNDREDTHS for sense, weight in zip(_senses(self.base), sums, strict=True)}

    def _lines(self, analysis: Analysis) -> list[str]:
        known = self.by_name
        return [self.base, *(known[name] for name in analysis.features & known.keys())]


@cache
def _senses(base: str) -> tuple[str, ...]:
    """The senses other than a danger; a text begins with a weight for each."""
    return tuple(_others(base))


@cache
def _row(base: str, line: str) -> tuple[int, ...]:
    """Read a line when it is first asked for: its weight for a danger, and for each other sense.

    The line is one of the file's: of what tipsters type nothing is kept.
    """
    others = _others(line)
    return (int(line.partition("\t")[0]), *(others.get(sense, 0) for sense in _senses(base)))


def _others(line: str) -> dict[str, int]:
    pairs = (one.rpartition(":") for one in line.partition("\t")[2].split(",") if one)
    return {sense: int(weight) for sense, _, weight in pairs}


def read_weights() -> Weights:
    """Read the weights that come with Satark."""
    text = (files("satark_words") / FILE).read_text("utf-8")
    first, _, rest = text.partition("\n")
    digest, base = first.split("\t", 1)
    return Weights(digest, base, dict(line.split("\t", 1) for line in rest.splitlines()))


def written(weights: Weights) -> str:
    """Return the file of some weights."""
    lines = [f"{name}\t{weights.by_name[name]}" for name in sorted(weights.by_name)]
    return "\n".join([f"{weights.digest}\t{weights.base}", *lines, ""])
