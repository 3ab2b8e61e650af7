"""Which places have which keys, in eight bytes for each pair: as sets of objects they would fill the memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final

_BITS: Final = 24
"""Bits of a place: a desk has fewer than 16 million tips. The other bits of a pair are a hash of the key."""
_PLACE: Final = (1 << _BITS) - 1
_HASH: Final = (1 << 64 - _BITS) - 1
_LEAST, _MOST = 1 << 11, 1 << 17
"""Pairs in a list that is closed, at least, and in one to which no other is joined."""
_SLACK: Final = 1000
"""Places whose keys are forgotten at a time."""


class Postings:
    """Places by key. Very seldom a place of another key is among them: compare what is found. Not thread-safe."""

    def __init__(self, is_kept: Callable[[int], object]) -> None:
        """`is_kept` tells whether a place still counts."""
        self._is_kept = is_kept
        self._gone = 0
        self._newest = array("Q")
        self._lists: list[array[int]] = []
        """Sorted pairs, in each list; those that were added first stand in the first list."""

    def add(self, keys: Iterable[Hashable], place: int) -> None:
        """File a place under keys."""
        for key in keys:
            insort(self._newest, _first(key) | place)
        if len(self._newest) >= _LEAST:
            self._close()

    def under(self, key: Hashable) -> Iterator[int]:
        """Yield the places under a key; those that were numbered and added last come first."""
        first = _first(key)
        for pairs in (self._newest, *reversed(self._lists)):
            start = bisect_left(pairs, first)
            if start < len(pairs) and pairs[start] <= first | _PLACE:
                found = reversed(pairs[start : bisect_right(pairs, first | _PLACE, start)])
                yield from filter(self._is_kept, (pair & _PLACE for pair in found))

    def note_gone(self) -> None:
        """Note that a place no longer counts. Its keys are forgotten with others', since that looks at every pair."""
        self._gone += 1
        if self._gone > _SLACK:
            self._gone = 0
            self._newest, *self._lists = (
                array("Q", (pair for pair in pairs if self._is_kept(pair & _PLACE)))
                for pairs in (self._newest, *self._lists)
            )

    def _close(self) -> None:
        pairs, self._newest = self._newest, array("Q")
        while self._lists and len(self._lists[-1]) <= len(pairs) < _MOST:
            pairs = array("Q", sorted(self._lists.pop() + pairs))
        self._lists.append(pairs)


def _first(key: Hashable) -> int:
    return (hash(key) & _HASH) << _BITS
