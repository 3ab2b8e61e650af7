"""Ways through a graph of questions to one question, and the condition that they form together."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

Way: TypeAlias = Mapping[str, frozenset[str]]
"""Step → its answers on this way. With a step that is not named, every answer is on this way."""


class Ways:
    """Step → each answer that matters → the condition for that answer, such as `age < 18`."""

    def __init__(self) -> None:
        self.tests: dict[str, Mapping[str, str]] = {}

    def through(self, ways: Iterable[Way], step: str, answers: frozenset[str]) -> list[Way]:
        """Return the ways that continue with these answers of a step."""
        every = frozenset(self.tests[step])
        return [{**way, step: met} for way in ways if (met := way.get(step, every) & answers)]

    def joined(self, ways: Iterable[Way]) -> list[Way]:
        """Return fewer ways with the same meaning."""
        left = [*{frozenset(way.items()): way for way in map(self._plain, ways)}.values()]
        while pair := next((pair for pair in combinations(left, 2) if _are_one(*pair)), None):
            left = [way for way in left if way is not pair[0] and way is not pair[1]]
            left.append(self._plain({step: pair[0][step] | pair[1][step] for step in pair[0].keys() & pair[1].keys()}))
        return left

    def condition(self, ways: Sequence[Way]) -> str:
        """Return the condition that one of the ways was taken; empty: every answer leads there."""
        said = [" and ".join(self._said(step, way[step]) for step in way) for way in ways]
        return "" if not all(said) else said[0] if len(said) == 1 else " or ".join(f"({one})" for one in said)

    def _plain(self, way: Way) -> Way:
        return {step: answers for step, answers in way.items() if len(answers) < len(self.tests[step])}

    def _said(self, step: str, answers: frozenset[str]) -> str:
        tests = [test for answer, test in self.tests[step].items() if answer in answers]
        return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


def _are_one(one: Way, other: Way) -> bool:
    """Tell whether two ways can be joined: they differ in one step's answers, or one is a part of the other."""
    if one.keys() == other.keys() and sum(one[step] != other[step] for step in one) <= 1:
        return True
    return any(all(step in a and a[step] <= b[step] for step in b) for a, b in ((one, other), (other, one)))
