"""Dangers: finds messages that tell of a danger, and the numbers to call.

The rules and numbers are data: `danger.yaml`. If no rule holds, the weights of the words decide (`weights`).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

import msgspec

from satark_words.analysis import Analysis
from satark_words.reading import Danger, DangerKind
from satark_words.rules import Rules, matches, parse_rule
from satark_words.weights import SPOKEN, Weights

LEAST: Final = 0.25
"""The logit above which a text for which no rule holds tells of a danger."""
_FEWEST: Final = 3
"""Number of words of the shortest text that is weighed."""
WEIGHED: Final = "words"
"""Name given as the rule of a danger that was found by the weights of words."""
_NONE: Final = ("f.none", "f.official", "f.idiom")
"""Marks of words that tell of no danger."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    numbers: Mapping[DangerKind, tuple[str, ...]]
    rules: Mapping[DangerKind, Mapping[str, str]]
    weighed: Mapping[DangerKind, str]


class DangerRules:
    """The parsed rules of dangers."""

    def __init__(self, weights: Weights) -> None:
        read = msgspec.yaml.decode((files("satark_words") / "danger.yaml").read_bytes(), type=_File)
        self._numbers = read.numbers
        self._rules = Rules(
            (kind, parse_rule(name, line)) for kind, lines in read.rules.items() for name, line in lines.items()
        )
        self._kinds = [(kind, parse_rule(kind, line)) for kind, line in read.weighed.items()]
        self._weights = weights

    def numbers(self, kind: DangerKind) -> tuple[str, ...]:
        """Return the numbers to call in a danger of this kind, the most urgent first."""
        return self._numbers.get(kind, ("112",))

    def find(self, analysis: Analysis) -> tuple[Danger, ...]:
        """Find the dangers of a text by the rules, or else by the weights of its words."""
        return self.known(analysis) or self.weighed(analysis)

    def known(self, analysis: Analysis) -> tuple[Danger, ...]:
        """Find the dangers for which a rule holds, at most one of each kind, in the order of the file."""
        found: dict[DangerKind, Danger] = {}
        for kind, rule in self._rules.that_may_hold(analysis.marks):
            if kind not in found and matches(rule, analysis.marks):
                found[kind] = Danger(kind, self.numbers(kind), rule.name)
        return tuple(found.values())

    def weighed(self, analysis: Analysis) -> tuple[Danger, ...]:
        """Find the danger that the words and marks of a text together make likely, although no rule holds.

        It finds none if they make it more likely that the text is said to the service.
        """
        weight = 0.0 if len(analysis) < _FEWEST or analysis.has(*_NONE) else self._weights.danger(analysis)
        if weight <= LEAST:
            return ()
        others = self._weights.others(analysis)
        if weight <= max(others.get(sense, 0.0) for sense in SPOKEN):
            return ()
        kind = next((kind for kind, rule in self._kinds if matches(rule, analysis.marks)), DangerKind.LIFE)
        return (Danger(kind, self.numbers(kind), WEIGHED),)
