"""Writes compound files (MS-CFB), and the records of pictures in them."""

from __future__ import annotations

import struct
from collections.abc import Mapping

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_END, _FREE, _TABLE, _MORE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC
_STREAM, _ROOT = 2, 5
_LISTED = 109
"""Number of sectors of the chain table that the header lists. The last sector of the file lists the others."""


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """Return a compound file with these streams.

    Streams below 4096 bytes are in the mini stream, as the format requires.
    """
    small, small_table, small_at = _pack({name: one for name, one in streams.items() if len(one) < _CUTOFF}, _MINI)
    large = {name: one for name, one in streams.items() if len(one) >= _CUTOFF}
    sectors, table, large_at = _pack(large | {"": small, "table": struct.pack(f"<{len(small_table)}I", *small_table)})
    entries = [("Root Entry", _ROOT, large_at[""], len(small))]
    entries += [(name, _STREAM, (large_at | small_at)[name], len(one)) for name, one in streams.items()]
    directory = b"".join(_entry(one, _following(number, len(entries))) for number, one in enumerate(entries))
    more, following, at = _pack({"directory": directory}, first=len(table))
    table += following
    tables = -(-(len(table) + 2) // (_SECTOR // 4 - 1))
    numbers = [len(table) + number for number in range(tables)]
    table += [_TABLE] * tables + [_MORE]
    packed = struct.pack(f"<{len(table)}I", *table).ljust(tables * _SECTOR, b"\xff")
    beyond = numbers[_LISTED:]
    listed = struct.pack(f"<{len(beyond)}I", *beyond).ljust(_SECTOR - 4, b"\xff") + struct.pack("<I", _END)
    head = _head(numbers, at["directory"], large_at["table"], small_table, len(table) - 1 if beyond else _END)
    return head + sectors + more + packed + listed


def picture_record(picture: bytes) -> bytes:
    """Return the record of a JPEG as office programs write it (MS-ODRAW, section 2.2.27)."""
    return struct.pack("<HHI", 0x46A0, 0xF01D, 17 + len(picture)) + bytes(17) + picture if picture else b""


def _pack(streams: Mapping[str, bytes], size: int = _SECTOR, first: int = 0) -> tuple[bytes, list[int], dict[str, int]]:
    """Return the streams in sectors, the table of their chains, and the first sector of each."""
    packed, table = b"", list[int]()
    places: dict[str, int] = {}
    for name, one in streams.items():
        count = -(-len(one) // size)
        places[name] = first + len(table) if count else _END
        table += [first + len(table) + number + 1 for number in range(count - 1)] + [_END] * (count > 0)
        packed += one.ljust(count * size, b"\0")
    return packed, table, places


def _following(number: int, count: int) -> int:
    """Return the sibling of a directory entry: each entry names the next, which gives a tree with one branch."""
    return number + 1 if number < count - 1 else _FREE


def _entry(described: tuple[str, int, int, int], following: int) -> bytes:
    name, kind, start, size = described
    coded = name.encode("utf-16-le") + b"\0\0"
    sibling, child = (following, _FREE) if kind == _STREAM else (_FREE, following)
    links = struct.pack("<HBBIII", len(coded), kind, 1, _FREE, sibling, child)
    return coded.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)


def _head(tables: list[int], directory: int, mini_table: int, minis: list[int], more: int) -> bytes:
    numbers = struct.pack(f"<{len(tables[:_LISTED])}I", *tables[:_LISTED]).ljust(4 * _LISTED, b"\xff")
    sizes = struct.pack("<HHHHH6xIII4xI", 0x3E, 3, 0xFFFE, 9, 6, 0, len(tables), directory, _CUTOFF)
    chains = struct.pack("<IIII", mini_table, -(-4 * len(minis) // _SECTOR), more, 0 if more == _END else 1)
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + sizes + chains + numbers
