"""The marks of one text, found by name and by place without looking at each of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, KeysView, Sequence
from functools import cache
from typing import Final, NamedTuple

EXACT: Final = 1.0
SOUND: Final = 0.95
FRAME: Final = 0.85
SHORT: Final = 0.86
INFLECTED: Final = 0.8
BONES: Final = 0.7
DISTANT: Final = 0.6
"""How well a word is known: as written, by one of its keys, in another form, or by a letter more or less."""


class Mark(NamedTuple):
    """A mark on the tokens `start` to `end` of a text."""

    name: str
    start: int
    end: int
    quality: float
    """Of the worst known word in it: `EXACT` to `DISTANT` of the lexicon."""


class Marks:
    """The marks of a text, in the order of the text. `act.*` stands for all names that begin so, `*` for every name."""

    __slots__ = ("_by_name", "_found", "_names", "longest")

    def __init__(self, marks: Iterable[Mark]) -> None:
        self._by_name: dict[str, list[Mark]] = {}
        self._found: dict[tuple[str, ...], Sequence[Mark]] = {}
        sizes = {1}
        for mark in marks:
            self._by_name.setdefault(mark.name, []).append(mark)
            sizes.add(mark.end - mark.start)
        self.longest = max(sizes)
        """Tokens of the longest mark."""
        self._names: dict[str, list[str]] = {"*": list(self._by_name)} if self._by_name else {}
        """Of each name, and of what stands for several: the names that are there."""
        for name in self._by_name:
            self._names[name] = [name]
            if family := _family(name):
                self._names.setdefault(family, []).append(name)

    def all(self) -> Sequence[Mark]:
        """Every mark."""
        return self.named(("*",))

    def names(self) -> KeysView[str]:
        """The names of the marks that are there."""
        return self._by_name.keys()

    def senses(self) -> KeysView[str]:
        """Their names, and what stands for several of these."""
        return self._names.keys()

    def named(self, names: Iterable[str]) -> Sequence[Mark]:
        """The marks of these names."""
        key = tuple(names)
        found = self._found.get(key)
        if found is None:
            wanted = {name for one in key for name in self._names.get(one, ())}
            found = [mark for name in wanted for mark in self._by_name[name]]
            found.sort(key=place)
            self._found[key] = found
        return found

    def has(self, names: Iterable[str]) -> bool:
        """Whether there is a mark of one of these names."""
        return not self._names.keys().isdisjoint(names)


@cache
def _family(name: str) -> str:
    """What stands for a mark's name and all that begin as it does; empty for a name of one part."""
    first, dot, _ = name.partition(".")
    return f"{first}.*" if dot else ""


def place(mark: Mark) -> tuple[int, int, str]:
    """Where a mark stands in the order of the text: a longer one before those that begin with it."""
    return (mark.start, -mark.end, mark.name)


def between(marks: Sequence[Mark], first: int, last: int) -> Sequence[Mark]:
    """The marks, of a sequence in order, that start at tokens `first` to `last`, the last one included."""
    return marks[bisect_left(marks, first, key=_start) : bisect_left(marks, last + 1, key=_start)]


def _start(mark: Mark) -> int:
    return mark.start
