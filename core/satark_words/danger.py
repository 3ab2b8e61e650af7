"""Dangers: finds messages that tell of a danger, and the numbers to call.

Two readings look for dangers: rules about marks (`danger.yaml`), and a logistic regression over letters, words and
marks (see weights.py). A danger that either finds is shown to the tipster. A danger that both find is sure, and makes
the tip urgent.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from satark_words.analysis import Analysis, once
from satark_words.reading import Danger, DangerKind
from satark_words.rules import Rules
from satark_words.small_words import read_table
from satark_words.weights import weights

SENSE: Final = "danger"
SIZES: Final = (3, 4, 5)
"""Numbers of letters of the groups that are weighed."""
SHOWN: Final = -1.4
"""The logit above which the letters of a text tell of a danger. It is low: showing the numbers costs nothing."""
SURE: Final = -0.5
"""The logit above which the letters agree with a rule that holds; half a unit less where somebody calls for help."""
LEAST: Final = 0.4
"""The logit above which a text of few words is shown as a danger."""
CLEAR: Final = 2.0
"""The logit above which the letters tell of a danger although words speak of something else: an idiom, a game."""
BY_LETTERS: Final = "letters"
"""Name given as the rule of a danger that was found by its letters alone."""
_FEWEST: Final = 6
"""Number of words below which letters must reach `LEAST` to tell of a danger for which no rule holds."""


def groups_of(sounds: Iterable[str]) -> set[str]:
    """Return the groups of letters in a text, given by the sounds of its words; a space is written `_`."""
    text = f"_{'_'.join(sounds)}_"
    return set(chain.from_iterable([text[at : at + size] for at in range(len(text) - size + 1)] for size in SIZES))


def clues_of(analysis: Analysis) -> set[str]:
    """Return what is weighed of a text: the groups of its letters, its words and its marks."""
    return groups_of(analysis.sounds) | analysis.features


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    numbers: Mapping[DangerKind, tuple[str, ...]]
    rules: Mapping[DangerKind, Mapping[str, str]]
    unsure: Mapping[DangerKind, Mapping[str, str]]
    weighed: Mapping[DangerKind, str]


class _Rules(NamedTuple):
    known: Rules[tuple[DangerKind, str]]
    unsure: Rules[tuple[DangerKind, str]]
    kinds: Rules[DangerKind]
    """Which kind a danger is that its letters alone tell of."""
    numbers: Mapping[DangerKind, tuple[str, ...]]


@cache
def _rules() -> _Rules:
    """Return the rules of `danger.yaml`."""
    read = read_table("danger.yaml", _File)
    known, unsure = (
        Rules(((kind, name), line) for kind, lines in rules.items() for name, line in lines.items())
        for rules in (read.rules, read.unsure)
    )
    return _Rules(known, unsure, Rules(read.weighed.items()), read.numbers)


def dangers_of(analysis: Analysis) -> tuple[Danger, ...]:
    """Find the dangers of a text by the rules, or else by its letters."""
    return known_dangers(analysis) or likely_dangers(analysis)


@once
def known_dangers(analysis: Analysis) -> tuple[Danger, ...]:
    """Find the dangers for which a rule holds, at most one of each kind, in the order of the file."""
    found: dict[DangerKind, str] = {}
    for kind, rule in _rules().known.holding(analysis.marks):
        found.setdefault(kind, rule)
    is_present = analysis.has("@present-danger") or not analysis.has("@past-danger")
    sure = bool(found) and is_present and logit_of(analysis) + analysis.has("@calls") / 2 > SURE
    return tuple(Danger(kind, _rules().numbers[kind], rule, sure) for kind, rule in found.items())


@once
def likely_dangers(analysis: Analysis) -> tuple[Danger, ...]:
    """Find the danger that a rule which is never sure, or what is weighed of a text, makes likely."""
    found = None if analysis.has("f.past") else next(_rules().unsure.holding(analysis.marks), None)
    if found is None:
        promised = analysis.has("soc.wait") and analysis.has("t.evidence")  # "I'll send the video later"
        least = SHOWN if len(analysis) >= _FEWEST else LEAST
        if promised or logit_of(analysis) <= (CLEAR if analysis.has("@no-danger") else least):
            return ()
        found = next(_rules().kinds.holding(analysis.marks), DangerKind.LIFE), BY_LETTERS
    return (Danger(found[0], _rules().numbers[found[0]], found[1]),)


@once
def logit_of(analysis: Analysis) -> float:
    """Return the logit of a danger by what is weighed of a text."""
    return weights()[SENSE].logit(clues_of(analysis))
