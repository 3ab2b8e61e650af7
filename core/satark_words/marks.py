"""The marks of one text, indexed by name and position, and the choice of those that count."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, KeysView, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from operator import attrgetter
from typing import Final, NamedTuple

EXACT: Final = 1.0
SOUND: Final = 0.95
FRAME: Final = 0.85
SHORT: Final = 0.86
INFLECTED: Final = 0.8
BONES: Final = 0.7
DISTANT: Final = 0.6
"""Qualities of a match: a word as spelt, by one of its keys, in another form, or with one or two letters changed."""


class Mark(NamedTuple):
    """A mark on the tokens `start` to `end` of a text."""

    name: str
    start: int
    end: int
    quality: float
    """The lowest quality of a match among the mark's words, from `EXACT` down to `DISTANT`."""


class Marks:
    """The marks of a text, in the order of the text. `act.*` stands for all names that begin so, `*` for every name."""

    __slots__ = ("_by_name", "_families", "_found", "_senses", "longest")

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._by_name: dict[str, list[Mark]] = {}
        for mark in marks:
            self._by_name.setdefault(mark.name, []).append(mark)
        self._families: dict[str, list[str]] = {"*": list(self._by_name)} if marks else {}
        """Pattern, such as `act.*` → the names of the text's marks that match it."""
        for name in self._by_name:
            self._families.setdefault(_family(name), []).append(name)
        self._senses = {*self._by_name, *self._families}
        self._found: dict[tuple[str, ...], Sequence[Mark]] = {}
        self.longest = max([mark.end - mark.start for mark in marks], default=1)
        """Number of tokens of the longest mark."""

    def all(self) -> Sequence[Mark]:
        """Every mark."""
        return self.named(("*",))

    def names(self) -> KeysView[str]:
        """The names of the text's marks."""
        return self._by_name.keys()

    def senses(self) -> AbstractSet[str]:
        """The names of the text's marks and the patterns that match them."""
        return self._senses

    def named(self, names: Iterable[str]) -> Sequence[Mark]:
        """Return the marks with these names."""
        key = tuple(names)
        if key not in self._found and self.has(key):
            wanted = {name for one in key if one in self._senses for name in self._families.get(one, (one,))}
            self._found[key] = sorted([mark for name in wanted for mark in self._by_name[name]], key=place)
        return self._found.get(key, ())

    def has(self, names: Iterable[str]) -> bool:
        """Return whether there is a mark with one of these names."""
        return not self._senses.isdisjoint(names)


@cache
def _family(name: str) -> str:
    """Return the pattern of a mark's name, such as `act.*` for `act.kill`; a name of one part is its own pattern."""
    first, dot, _ = name.partition(".")
    return f"{first}.*" if dot else name


def place(mark: Mark) -> tuple[int, int, str]:
    """Return the sort key of a mark in the order of the text. Of marks with the same start the longer comes first."""
    return (mark.start, -mark.end, mark.name)


def between(marks: Sequence[Mark], first: int, last: int) -> Sequence[Mark]:
    """Return the marks of a sorted sequence that start at tokens `first` to `last`, the last one included."""
    return marks[bisect_left(marks, first, key=_start) : bisect_left(marks, last + 1, key=_start)]


def _start(mark: Mark) -> int:
    return mark.start


_HIDDEN: Final = ("neg", "ask", "say", "cmd", "soc")
_HIDING: Final = ("neg", "ask", "say", "cmd", "soc", "opt", "f.none", "t.refuse", "lang", "w.bribe")
_OF_CRIME: Final = ("cat.", "act.", "w.")
_SENSELESS: Final = ("t.refuse", "t.service", "time.", "soc.", "say.unknown")
"""Marks whose longer phrases keep a word in them from telling of a crime: "last week" is not weekly extortion."""

_quality: Final = attrgetter("quality")


def without_hidden(marks: list[Mark]) -> list[Mark]:
    """Remove marks of social and negating words inside a longer phrase, and of crime inside a phrase of another sense.

    Of marks with the same name and position the best is kept. The result is in no order.
    """
    sure = [mark for mark in marks if mark.end - mark.start > 1 and mark.quality >= FRAME]
    longer = [mark for mark in sure if mark.name.startswith(_HIDING)]
    senseless = [mark for mark in sure if mark.name.startswith(_SENSELESS)]
    if longer:
        marks = [mark for mark in marks if not (mark.name.startswith(_HIDDEN) and _is_inside(mark, longer))]
    if senseless:
        marks = [mark for mark in marks if not (mark.name.startswith(_OF_CRIME) and _is_inside(mark, senseless))]
    return list({mark[:3]: mark for mark in sorted(marks, key=_quality)}.values())


def _is_inside(mark: Mark, longer: Iterable[Mark]) -> bool:
    size = mark.end - mark.start
    return any(
        other.start <= mark.start and mark.end <= other.end and other.end - other.start > size for other in longer
    )
