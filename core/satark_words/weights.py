"""Weights of words and marks, which make a sense of a text likely if no rule holds. No action depends on them.

The weights are data, `weights.tsv`, counted from the corpus of utterances by `make lexicon`. Its first line has the
digest of their sources and the weights with which every text begins. Each further line has a word or mark, and its
weights for the senses, `MINE:120,wait:-30`, in hundredths of a logit. A word is written as its
sound without its last vowels (`plain`), which different scripts, spellings and most endings share. A mark begins with
`=`. A word or mark that is not listed weighs nothing. The sum is the logit of the sense.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from satark_words.analysis import Analysis

FILE: Final = "weights.tsv"
_HUNDREDTHS: Final = 100


class Weights(NamedTuple):
    """The weights of every sense."""

    digest: str
    """Digest of the texts and words from which the weights were counted."""
    base: str
    by_name: Mapping[str, str]
    """Word or mark → its weights as text in the file's format, since most are never parsed."""

    def of(self, analysis: Analysis) -> Mapping[str, float]:
        """Return the logit of each sense: the sum of the weights of a text's words and marks, each counted once."""
        known, sums = self.by_name, dict(_row(self.base))
        for name in analysis.features & known.keys():
            for sense, weight in _row(known[name]):
                sums[sense] += weight
        return {sense: weight / _HUNDREDTHS for sense, weight in sums.items()}


@cache
def _row(line: str) -> tuple[tuple[str, int], ...]:
    """Parse a line's weights when it is first needed.

    It is cached. The line is from the file, so nothing that tipsters type is cached.
    """
    pairs = (one.rpartition(":") for one in line.split(","))
    return tuple((sense, int(weight)) for sense, _, weight in pairs)


def read_weights() -> Weights:
    """Read the weights that come with Satark."""
    text = (files("satark_words") / FILE).read_text("utf-8")
    first, _, rest = text.partition("\n")
    digest, base = first.split("\t", 1)
    return Weights(digest, base, dict(line.split("\t", 1) for line in rest.splitlines()))


SPOKEN: Final = ("question", "remark", "wait", "greeting", "command:help", "command:back", "command:status")
"""Kinds that a text may have at a question that takes any words, if it tells nothing. A mistake among these is
harmless."""
LEAST_SPOKEN: Final = 0.5
"""The logit above which a text is said to the service rather than part of a tip."""
LEAST_CATEGORY: Final = 0.0
"""The logit above which a story has a category that no word in it names. The tipster is told the category and can
correct it with one tap."""


def spoken(weights: Mapping[str, float]) -> str:
    """Return what a text probably says to the service, one of `SPOKEN`; empty: it is probably part of a tip."""
    return _likeliest(weights, SPOKEN, LEAST_SPOKEN)


def category(weights: Mapping[str, float], codes: Iterable[str]) -> str:
    """Return the most likely of these categories for a story, or an empty text."""
    return _likeliest(weights, codes, LEAST_CATEGORY)


def _likeliest(weights: Mapping[str, float], senses: Iterable[str], least: float) -> str:
    found = max(((weights.get(sense, least), sense) for sense in senses), default=(least, ""))
    return found[1] if found[0] > least else ""
