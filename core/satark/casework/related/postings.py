"""Stores which places have which keys, in eight bytes for each pair. Sets of objects would fill the memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final

_BITS: Final = 24
"""Number of bits for a place: a desk has fewer than 16 million tips. The other bits of a pair are a hash of the key."""
_PLACE: Final = (1 << _BITS) - 1
_HASH: Final = (1 << 64 - _BITS) - 1
_LEAST, _MOST = 1 << 11, 1 << 17
"""Fewest pairs in a list that is closed, and most pairs in a list that is joined with another."""
_SLACK: Final = 1000
"""Number of gone places whose keys are forgotten at a time."""


class Postings:
    """Finds places by key. Very rarely it finds a place of another key, so compare the results. Not thread-safe."""

    def __init__(self, is_kept: Callable[[int], object]) -> None:
        """`is_kept` tells whether a place still counts."""
        self._is_kept = is_kept
        self._gone = 0
        self._newest = array("Q")
        self._lists: list[array[int]] = []
        """Lists of sorted pairs, the oldest pairs in the first list."""

    def add(self, keys: Iterable[Hashable], place: int) -> None:
        """File a place under keys."""
        for key in keys:
            insort(self._newest, _first(key) | place)
        if len(self._newest) >= _LEAST:
            self._close()

    def under(self, key: Hashable) -> Iterator[int]:
        """Yield the places under a key, the newest first."""
        first = _first(key)
        for pairs in (self._newest, *reversed(self._lists)):
            start = bisect_left(pairs, first)
            if start < len(pairs) and pairs[start] <= first | _PLACE:
                found = reversed(pairs[start : bisect_right(pairs, first | _PLACE, start)])
                yield from filter(self._is_kept, (pair & _PLACE for pair in found))

    def note_gone(self) -> None:
        """Record that a place no longer counts. Its keys are removed later, since that takes a pass over every pair."""
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
