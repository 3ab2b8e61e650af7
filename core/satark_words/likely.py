"""What a text is likely to be by the weight of its words and marks, where no rule tells. Nothing that acts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from satark_words.reading import Kind

SPOKEN: Final = ("question", "remark", "wait", "greeting", "command:help", "command:back", "command:status")
"""What a text may be, where anything may be told, beside what is told: what it costs nothing to be wrong about."""
LEAST_SPOKEN: Final = 0.5
"""The logit above which a text is said to the service, and not told."""
LEAST_CATEGORY: Final = 0.0
"""The logit above which a story is of a category that no word of it names. It is said back, with one tap to correct."""


class Spoken(NamedTuple):
    """A kind of message, and the command that it is."""

    kind: Kind
    command: str


def spoken(weights: Mapping[str, float]) -> Spoken | None:
    """Return what a text is likely to say to the service; None: it is likely to be told."""
    sense = _likeliest(weights, SPOKEN, LEAST_SPOKEN)
    if not sense:
        return None
    kind, _, command = sense.partition(":")
    return Spoken(Kind(kind), command)


def category(weights: Mapping[str, float], codes: Iterable[str]) -> str:
    """Return which of these categories a story is likely to be of, or an empty text."""
    return _likeliest(weights, codes, LEAST_CATEGORY)


def _likeliest(weights: Mapping[str, float], senses: Iterable[str], least: float) -> str:
    found = max(((weights.get(sense, least), sense) for sense in senses), default=(least, ""))
    return found[1] if found[0] > least else ""
