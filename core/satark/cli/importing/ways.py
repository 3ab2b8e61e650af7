"""The ways that lead to a question through a graph of questions, and the condition that they make together."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

Way: TypeAlias = Mapping[str, frozenset[str]]
"""Step → those of its answers that lead along here. A step that is not named leads along with every answer."""


class Ways:
    """Step → each answer that makes a difference → the condition that it was given, such as `age < 18`."""

    def __init__(self) -> None:
        self.tests: dict[str, Mapping[str, str]] = {}

    def through(self, ways: Iterable[Way], step: str, answers: frozenset[str]) -> list[Way]:
        """Return those of the ways that lead on with these answers of a step."""
        every = frozenset(self.tests[step])
        return [{**way, step: met} for way in ways if (met := way.get(step, every) & answers)]

    def joined(self, ways: Iterable[Way]) -> list[Way]:
        """Return fewer ways that say the same."""
        left = [*{frozenset(way.items()): way for way in map(self._plain, ways)}.values()]
        while pair := next((pair for pair in combinations(left, 2) if _are_one(*pair)), None):
            left = [way for way in left if way is not pair[0] and way is not pair[1]]
            left.append(self._plain({step: pair[0][step] | pair[1][step] for step in pair[0].keys() & pair[1].keys()}))
        return left

    def condition(self, ways: Sequence[Way]) -> str:
        """Return the condition that one of the ways was taken; empty where every answer leads there."""
        said = [" and ".join(self._said(step, way[step]) for step in way) for way in ways]
        return "" if not all(said) else said[0] if len(said) == 1 else " or ".join(f"({one})" for one in said)

    def _plain(self, way: Way) -> Way:
        return {step: answers for step, answers in way.items() if len(answers) < len(self.tests[step])}

    def _said(self, step: str, answers: frozenset[str]) -> str:
        tests = [test for answer, test in self.tests[step].items() if answer in answers]
        return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


def _are_one(one: Way, other: Way) -> bool:
    """Tell whether two ways are one: they differ in one step's answers, or one of them is a part of the other."""
    if one.keys() == other.keys() and sum(one[step] != other[step] for step in one) <= 1:
        return True
    return any(all(step in a and a[step] <= b[step] for step in b) for a, b in ((one, other), (other, one)))
