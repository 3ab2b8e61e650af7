"""Writes a Word 97 file (MS-DOC) with markers in fields, hidden and deleted text, headers, comments, unused bytes."""

from __future__ import annotations

import struct

from support.evidence.documents.old_office.compound import picture_record
from support.evidence.markers import HINDI, MARKER, MARKER_BYTES, SHOWN

_TEXT = 2048
"""Offset of the text in the main stream."""
_RUNS = 1536
_HIDDEN, _DELETED = (struct.pack("<HB", operator, 1) for operator in (0x083C, 0x0800))
_BOLD = struct.pack("<HB", 0x0835, 1)
_FIELD = f'\x13 HYPERLINK "C:\\Users\\{MARKER}\\x" \x14a link\x15'


def word_streams(photo: bytes) -> dict[str, bytes]:
    """Return a Word file's streams: body, header and comment, in one piece of 8-bit and two of 16-bit characters."""
    latin = f"{SHOWN} “quoted”\r"
    body = [f"{HINDI}\r{_FIELD}\r", f"{MARKER}-hidden", f"{MARKER}-deleted", "bold\rcell\x07cell\x07\r"]
    wide = "".join(body)
    rest = f"{MARKER}-header\r{MARKER}-comment\r"
    lengths = (len(latin) + len(wide), 0, len(f"{MARKER}-header\r"), 0, len(f"{MARKER}-comment\r"), 0, 0, 0)
    stored = latin.encode("cp1252") + wide.encode("utf-16-le") + rest.encode("utf-16-le")
    table = MARKER_BYTES.ljust(64, b"\0")
    runs = _run_index(len(stored))
    pieces = _pieces(len(latin), len(wide), len(rest))
    main = bytearray(_TEXT)
    struct.pack_into("<HH", main, 0, 0xA5EC, 0xC1)
    struct.pack_into("<H", main, 10, 0x0200)
    struct.pack_into("<8i", main, 0x4C, *lengths)
    struct.pack_into("<II", main, 0xFA, len(table), len(runs))
    struct.pack_into("<II", main, 0x1A2, len(table) + len(runs), len(pieces))
    main[_RUNS : _RUNS + 512] = _run_page(len(latin), body, len(stored))
    return {
        "WordDocument": bytes(main) + stored + MARKER_BYTES.ljust(4096, b"\0"),
        "1Table": table + runs + pieces,
        "Data": MARKER_BYTES.ljust(68, b"\0") + picture_record(photo),
    }


def _pieces(latin: int, wide: int, rest: int) -> bytes:
    """Return the table of pieces after a format, which readers skip."""
    places = struct.pack("<4I", 0, latin, latin + wide, latin + wide + rest)
    offsets = (2 * _TEXT | 1 << 30, _TEXT + latin, _TEXT + latin + 2 * wide)
    table = places + b"".join(struct.pack("<HIH", 0, offset, 0) for offset in offsets)
    return b"\1\3\0abc\2" + len(table).to_bytes(4, "little") + table


def _run_index(length: int) -> bytes:
    return struct.pack("<III", _TEXT, _TEXT + length, _RUNS // 512)


def _run_page(latin: int, body: list[str], length: int) -> bytes:
    """Return a page of character runs with formats. The second and the third run are hidden."""
    ends, at = [], _TEXT + latin
    for text in body:
        at += 2 * len(text)
        ends.append(at)
    places = (_TEXT, *ends, _TEXT + length)
    formats = (b"", _BOLD + _HIDDEN, _DELETED, _BOLD, b"")
    page = bytearray(512)
    struct.pack_into(f"<{len(places)}I", page, 0, *places)
    free = 500
    for number, one in enumerate(formats):
        if one:
            free -= len(one) + 2 & ~1
            page[free : free + 1 + len(one)] = bytes((len(one),)) + one
            page[4 * len(places) + number] = free // 2
    page[511] = len(formats)
    return bytes(page)
