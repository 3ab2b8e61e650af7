"""Danger: which messages tell of one, and which numbers to call. The rules and numbers are data: `danger.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

import msgspec

from satark.dialogue.understanding.analysis import Analysis
from satark.dialogue.understanding.reading import Danger, DangerKind
from satark.dialogue.understanding.rules import Rule, matches, parse_rule


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    numbers: Mapping[DangerKind, tuple[str, ...]]
    rules: Mapping[DangerKind, Mapping[str, str]]


class DangerRules:
    """The rules of danger, parsed."""

    def __init__(self) -> None:
        read = msgspec.yaml.decode((files("satark.dialogue.understanding") / "danger.yaml").read_bytes(), type=_File)
        self._numbers = read.numbers
        self._rules: Sequence[tuple[DangerKind, Rule]] = [
            (kind, parse_rule(name, line)) for kind, lines in read.rules.items() for name, line in lines.items()
        ]

    def numbers(self, kind: DangerKind) -> tuple[str, ...]:
        """Return the numbers to call in a danger of this kind, the most urgent first."""
        return self._numbers.get(kind, ("112",))

    def find(self, analysis: Analysis) -> tuple[Danger, ...]:
        """Find the dangers of a text, one a kind, in the order of the file."""
        found: dict[DangerKind, Danger] = {}
        for kind, rule in self._rules:
            if kind not in found and matches(rule, analysis.marks):
                found[kind] = Danger(kind, self.numbers(kind), rule.name)
        return tuple(found.values())
