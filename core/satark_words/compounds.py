"""Compounds: marks that several words make together: "tell" and "not" are a refusal, in any order and language.

The rules are data, `compounds.yaml`, in the form of `rules`. A later rule may use the marks of those before it. Between
the parts may stand nothing but words that mean nothing, so that a compound is as sure as a phrase that is listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from satark_words.marks import FRAME, SOUND, Mark, Marks
from satark_words.rules import Rule, Rules, all_matches, parse_rule

_BETWEEN: Final = ("fill", "pol", "who.me", "who.you", "say.yes", "soc.ok", "k.opinion")
_LONGEST: Final = 10
"""Words of the longest compound."""


def compounds(marks: Sequence[Mark]) -> list[Mark]:
    """Find the compounds of a text."""
    listed = [mark for mark in marks if mark.quality >= FRAME]
    sure = Marks(listed)
    found: list[Mark] = []
    for rules in _layers():
        more = [mark for name, rule in rules.that_may_hold(sure) for mark in _of(name, rule, sure)]
        if more:
            found += more
            sure = Marks([*listed, *found])
    return found


def _of(name: str, rule: Rule, marks: Marks) -> Iterator[Mark]:
    spans = [(start, end) for start, end in all_matches(rule, marks) if end - start <= _LONGEST]
    known = (*_BETWEEN, *(name for part in rule.parts for name in part)) if spans else ()
    empty = {index for mark in marks.named(known) for index in range(mark.start, mark.end)}
    for start, end in spans:
        if empty.issuperset(range(start, end)):
            yield Mark(name, start, end, SOUND)


@cache
def _layers() -> tuple[Rules[str], ...]:
    """The rules of `compounds.yaml`, in its layers."""
    text = (files("satark_words") / "compounds.yaml").read_bytes()
    read = msgspec.yaml.decode(text, type=list[dict[str, list[str]]])
    return tuple(
        Rules((name, parse_rule(name, line)) for name, lines in layer.items() for line in lines) for layer in read
    )
