"""Writes an Excel 97 workbook (MS-XLS) with markers in the user's name, comments, names and a hidden sheet."""

from __future__ import annotations

import struct

from support.evidence.documents.old_office.compound import picture_record
from support.evidence.markers import HINDI, MARKER, MARKER_BYTES, SHOWN

_BEGIN = struct.pack("<HHHHHH", 0x0809, 8, 0x0600, 5, 0, 0)
_CUT = 3000
"""Offset at which the record of the pictures continues in another record."""
_END = struct.pack("<HH", 0x0A, 0)


def excel_streams(photo: bytes) -> dict[str, bytes]:
    """Return the stream of a workbook with one visible and one hidden sheet."""
    globals_ = _globals(photo, 0, 0)
    shown, hidden = _shown_sheet(), _BEGIN + _cell(0x0204, 0, 0, _string(f"{MARKER}-hidden")) + _END
    offsets = len(globals_), len(globals_) + len(shown)
    return {"Workbook": (_globals(photo, *offsets) + shown + hidden).ljust(4096, b"\0")}


def _globals(photo: bytes, shown: int, hidden: int) -> bytes:
    pictures = MARKER_BYTES.ljust(70, b"\0") + picture_record(photo)
    return b"".join([
        _BEGIN,
        _record(0x5C, _string(MARKER)),
        _record(0x041E, struct.pack("<H", 164) + _string("dd\\-mm\\-yyyy hh:mm")),
        *(_record(0xE0, struct.pack("<HH16x", 0, number)) for number in (0, 164)),
        _record(0x85, struct.pack("<IBB", shown, 0, 0) + _short("List")),
        _record(0x85, struct.pack("<IBB", hidden, 1, 0) + _short(f"{MARKER}"[:20])),
        _record(0x18, MARKER_BYTES.ljust(40, b"\0")),
        _shared_strings() + _record(0xEB, pictures[:_CUT]) + _record(0x3C, pictures[_CUT:]) * (len(pictures) > _CUT),
        _END,
    ])  # fmt: skip


def _shared_strings() -> bytes:
    """Return the table of texts. One continuation splits the second text, another the properties of the third."""
    rich = struct.pack("<HBH", 4, 8, 1) + b"bold" + b"\0\0\0\0"
    first = struct.pack("<II", 3, 3) + _string(SHOWN) + struct.pack("<HB", len(HINDI) + 2, 0) + b"ab"
    second = b"\1" + HINDI.encode("utf-16-le") + rich[:-2]
    return _record(0xFC, first) + _record(0x3C, second) + _record(0x3C, rich[-2:])


def _shown_sheet() -> bytes:
    number = struct.pack("<d", 45_981.5)  # 2025-11-20, noon
    text_result = b"\0\0\0\0\0\0\xff\xff"
    return b"".join([
        _BEGIN,
        *(_cell(0xFD, 0, column, struct.pack("<I", column)) for column in range(3)),
        _cell(0x0203, 1, 0, number, style=1),
        _cell(0x027E, 1, 2, struct.pack("<I", 1234 << 2 | 3)),
        _record(0xBD, struct.pack("<HH", 2, 0) + struct.pack("<HI", 0, 7 << 2 | 2) * 2 + struct.pack("<H", 1)),
        _cell(0x06, 3, 0, text_result + MARKER_BYTES), _record(0x0207, _string("joined")),
        _cell(0x06, 3, 1, struct.pack("<d", 2.5) + MARKER_BYTES),
        _cell(0x0205, 3, 2, b"\1\0"), _cell(0x0205, 3, 3, b"\7\1"),
        _BEGIN, _cell(0x0204, 0, 0, _string(MARKER)), _END,  # a chart
        _record(0x1C, struct.pack("<HHHH", 0, 0, 0, 1) + _string(MARKER)),
        _END,
    ])  # fmt: skip


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _cell(kind: int, row: int, column: int, content: bytes, style: int = 0) -> bytes:
    return _record(kind, struct.pack("<HHH", row, column, style) + content)


def _string(text: str) -> bytes:
    return struct.pack("<HB", len(text), 0) + text.encode("latin-1")


def _short(text: str) -> bytes:
    return struct.pack("<BB", len(text), 0) + text.encode("latin-1")
