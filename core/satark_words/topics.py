"""Topics: what the service is asked, told about itself, or refused. The rules are data: `rules.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from satark_words.analysis import Analysis
from satark_words.rules import Rules, matches, parse_rule

Family: TypeAlias = Literal["wait", "question", "remark", "refusal"]
_LONGEST: Final = 16
"""Words of the longest text that is nothing but a question or remark; a longer one tells something too."""


class Topic(NamedTuple):
    """A family and a topic of it."""

    family: Family
    name: str


class Topics:
    """The rules of questions, remarks and refusals, parsed."""

    def __init__(self) -> None:
        text = (files("satark_words") / "rules.yaml").read_bytes()
        read: Mapping[Family, Mapping[str, list[str]]] = msgspec.yaml.decode(
            text, type=dict[Family, dict[str, list[str]]]
        )
        self._rules: Mapping[Family, Rules[str]] = {
            family: Rules((name, parse_rule(name, line)) for name, lines in topics.items() for line in lines)
            for family, topics in read.items()
        }

    def find(self, analysis: Analysis, *families: Family) -> Topic | None:
        """Find the first topic of these families; none in a long text."""
        if len(analysis) > _LONGEST:
            return None
        for family in families:
            for name, rule in self._rules[family].that_may_hold(analysis.marks):
                if matches(rule, analysis.marks):
                    return Topic(family, name)
        return None
