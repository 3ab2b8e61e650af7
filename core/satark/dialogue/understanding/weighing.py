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

from satark.dialogue.understanding.analysis import Analysis

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
        return sum(_line(line).danger for line in self._lines(analysis)) / _HUNDREDTHS

    def others(self, analysis: Analysis) -> Mapping[str, float]:
        """Return the logit of each other sense of a text."""
        sums: dict[str, int] = {}
        for line in self._lines(analysis):
            for sense, weight in _line(line).others:
                sums[sense] = sums.get(sense, 0) + weight
        return {sense: weight / _HUNDREDTHS for sense, weight in sums.items()}

    def _lines(self, analysis: Analysis) -> list[str]:
        known = self.by_name
        return [self.base, *(known[name] for name in analysis.features & known.keys())]


class _Line(NamedTuple):
    """A line of the file, read."""

    danger: int
    others: tuple[tuple[str, int], ...]


@cache
def _line(line: str) -> _Line:
    """Read a line of the file when it is first asked for: of what tipsters type nothing is kept."""
    danger, _, others = line.partition("\t")
    pairs = (one.rpartition(":") for one in others.split(",") if one)
    return _Line(int(danger), tuple((sense, int(weight)) for sense, _, weight in pairs))


def read_weights() -> Weights:
    """Read the weights that come with Satark."""
    text = (files("satark.dialogue.understanding") / FILE).read_text("utf-8")
    first, _, rest = text.partition("\n")
    digest, base = first.split("\t", 1)
    return Weights(digest, base, dict(line.split("\t", 1) for line in rest.splitlines()))


def written(weights: Weights) -> str:
    """Return the file of some weights."""
    lines = [f"{name}\t{weights.by_name[name]}" for name in sorted(weights.by_name)]
    return "\n".join([f"{weights.digest}\t{weights.base}", *lines, ""])
