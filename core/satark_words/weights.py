"""Weights of words and marks, which make a sense of a text likely if no rule holds. No action depends on them.

The weights are data, `weights.tsv`, counted from the corpus of utterances by `make lexicon`. Its first line has the
digest of their sources and the weights with which every text begins. Each further line has a word or mark, its weight
for a danger, and its weights for other senses, `MINE:120,wait:-30`, in hundredths of a logit. A word is written as its
sound without its last vowels (`plain`), which different scripts, spellings and most endings share. A mark begins with
`=`. A word or mark that is not listed weighs nothing. The sum is the logit of the sense.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from satark_words.analysis import Analysis
from satark_words.reading import Kind

FILE: Final = "weights.tsv"
DANGER: Final = "danger"
_HUNDREDTHS: Final = 100


class Weights(NamedTuple):
    """The weights of every sense."""

    digest: str
    """Digest of the texts and words from which the weights were counted."""
    base: str
    by_name: Mapping[str, str]
    """Word or mark → its weights as text in the file's format, since most are never parsed."""

    def danger(self, analysis: Analysis) -> float:
        """Return the logit of a danger: the sum of the weights of a text's words and marks, each counted once."""
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
    """Return the senses other than a danger; a text begins with a weight for each."""
    return tuple(_others(base))


@cache
def _row(base: str, line: str) -> tuple[int, ...]:
    """Parse a line when it is first needed: its weight for a danger, then for each other sense.

    It is cached. The line is from the file, so nothing that tipsters type is cached.
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
    """Return the text of the file that holds these weights."""
    lines = [f"{name}\t{weights.by_name[name]}" for name in sorted(weights.by_name)]
    return "\n".join([f"{weights.digest}\t{weights.base}", *lines, ""])


SPOKEN: Final = ("question", "remark", "wait", "greeting", "command:help", "command:back", "command:status")
"""Kinds that a text may have at a question that takes any words, if it tells nothing. A mistake among these is
harmless."""
LEAST_SPOKEN: Final = 0.5
"""The logit above which a text is said to the service rather than part of a tip."""
LEAST_CATEGORY: Final = 0.0
"""The logit above which a story has a category that no word in it names. The tipster is told the category and can
correct it with one tap."""


class Spoken(NamedTuple):
    """A kind of message and, for a command, its name."""

    kind: Kind
    command: str


def spoken(weights: Mapping[str, float]) -> Spoken | None:
    """Return what a text probably says to the service; None: it is probably part of a tip."""
    sense = _likeliest(weights, SPOKEN, LEAST_SPOKEN)
    if not sense:
        return None
    kind, _, command = sense.partition(":")
    return Spoken(Kind(kind), command)


def category(weights: Mapping[str, float], codes: Iterable[str]) -> str:
    """Return the most likely of these categories for a story, or an empty text."""
    return _likeliest(weights, codes, LEAST_CATEGORY)


def _likeliest(weights: Mapping[str, float], senses: Iterable[str], least: float) -> str:
    found = max(((weights.get(sense, least), sense) for sense in senses), default=(least, ""))
    return found[1] if found[0] > least else ""
