"""Reads the streams of a compound file (MS-CFB), the container of old office programs. Runs in the sandbox only."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import msgspec

from satark_files.scrubber import Unclean

_MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_HEADER: Final = 512
_LAST: Final = 0xFFFFFFFA
"""Sector numbers from here on are marks, such as the mark that ends a chain (section 2.1)."""
_NONE: Final = 0xFFFFFFFF
_ENTRY, _STREAM, _ROOT = 128, 2, 5
_HEADER_SECTORS: Final = 109
_SHIFTS: Final = (9, 12)


class _Entry(msgspec.Struct, frozen=True):
    """An entry of the directory (section 2.6.1)."""

    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class CompoundFile:
    """The streams in the outermost folder of a compound file. Their names are case-insensitive (section 2.6.4)."""

    def __init__(self, data: bytes) -> None:
        """Read the directory.

        Raises:
            Unclean: the data is no compound file, or its directory is damaged.
        """
        if not data.startswith(_MAGIC) or len(data) < _HEADER:
            raise Unclean("damaged")
        self._data = data
        shift, mini_shift = struct.unpack_from("<HH", data, 30)
        if shift not in _SHIFTS or not mini_shift < shift:
            raise Unclean("damaged")
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        first, self._cutoff, mini_first = struct.unpack_from("<I4xII", data, 48)
        self._next = self._numbers(b"".join(self._sector(number) for number in self._table_sectors()))
        entries = self._entries(self._chain(first))
        if not entries or entries[0].kind != _ROOT:
            raise Unclean("damaged")
        self._mini = self._chain(entries[0].start)
        self._mini_next = self._numbers(self._chain(mini_first))
        self._streams = {one.name.upper(): one for one in _children(entries) if one.kind == _STREAM}

    @property
    def readable(self) -> int:
        """Percent of the used sectors that the file still holds, according to its table."""
        last = max((number for number, following in enumerate(self._next) if following != _NONE), default=0)
        complete: int = (last + 2) * self._size
        return min(100, 100 * len(self._data) // complete)

    def __contains__(self, name: str) -> bool:
        return name.upper() in self._streams

    def read(self, name: str) -> bytes:
        """Return the bytes of a stream that the file still holds; return none if no stream has this name."""
        entry = self._streams.get(name.upper())
        if entry is None:
            return b""
        if entry.size >= self._cutoff:
            return self._chain(entry.start)[: entry.size]
        pieces = (self._mini[at : at + self._mini_size] for at in self._mini_offsets(entry.start))
        return b"".join(pieces)[: entry.size]

    def _table_sectors(self) -> list[int]:
        """Return the numbers of the sectors that hold the table of chains (section 2.5)."""
        numbers = list(self._numbers(self._data[76 : 76 + 4 * _HEADER_SECTORS]))
        following = int.from_bytes(self._data[68:72], "little")
        for _ in range(len(self._data) // self._size):
            if following >= _LAST:
                break
            *more, following = self._numbers(self._sector(following)) or (_NONE,)
            numbers += more
        return [number for number in numbers if number < _LAST]

    def _sector(self, number: int) -> bytes:
        return self._data[(number + 1) * self._size : (number + 2) * self._size]

    def _chain(self, start: int) -> bytes:
        return b"".join(self._sector(number) for number in _follow(self._next, start))

    def _mini_offsets(self, start: int) -> Iterator[int]:
        return (number * self._mini_size for number in _follow(self._mini_next, start))

    @staticmethod
    def _numbers(packed: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(packed) // 4}I", packed[: len(packed) // 4 * 4])

    @staticmethod
    def _entries(directory: bytes) -> list[_Entry]:
        return [_read_entry(directory[at : at + _ENTRY]) for at in range(0, len(directory) - _ENTRY + 1, _ENTRY)]


def _follow(following: tuple[int, ...], number: int) -> Iterator[int]:
    """Yield the sectors of a chain, each at most once: a damaged chain may run in a circle."""
    seen: set[int] = set()
    while number < len(following) and number not in seen:
        seen.add(number)
        yield number
        number = following[number]


def _read_entry(packed: bytes) -> _Entry:
    length, kind, left, right, child = struct.unpack_from("<HBxIII", packed, 64)
    start, size = struct.unpack_from("<II", packed, 116)
    name = packed[: max(0, min(length, 64) - 2)].decode("utf-16-le", errors="replace")
    return _Entry(name, kind, left, right, child, start, size)


def _children(entries: list[_Entry]) -> Iterator[_Entry]:
    """Yield the entries that lie directly in the outermost folder; embedded files lie in folders of their own."""
    waiting, seen = [entries[0].child], {0}
    while waiting:
        number = waiting.pop()
        if number < len(entries) and number not in seen:
            seen.add(number)
            yield entries[number]
            waiting += [entries[number].left, entries[number].right]
