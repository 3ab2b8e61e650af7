"""Reads the text of Word 97 to 2003 files (MS-DOC): what a reader sees in the body, the notes and the text boxes.

It leaves out headers, comments, hidden and deleted text, and the instructions of fields, which name files and people.
"""

from __future__ import annotations

import bisect
import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from satark_files.scrubber import Unclean

if TYPE_CHECKING:
    from satark_files.documents.old_office.compound_file import CompoundFile

_IDENTIFIER: Final = 0xA5EC
"""Number in the first two bytes of a file of Word 97 or later."""
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_LENGTHS: Final = 0x4C
"""Offset of the lengths of the document's parts in characters (section 2.5.4, from `ccpText`)."""
_SHOWN_PARTS: Final = (True, True, False, False, False, True, True, False)
"""Whether each part is shown: body, footnotes, headers, macros, comments, endnotes, text boxes, headers' text boxes."""
_RUNS, _PIECES = 0xFA, 0x1A2
"""Offsets of the fields that give the places of `PlcBteChpx` and `Clx` (section 2.5.6)."""
_PAGE: Final = 512
_ONE_BYTE: Final = 1 << 30
_DELETED, _HIDDEN = 0x0800, 0x083C
_OPERAND_BYTES: Final = (1, 1, 2, 4, 2, 2, 0, 3)
"""Bytes of an operand, by the upper three bits of its operator (section 2.6.1); 0: the first byte gives the length."""
_FIELD: Final = re.compile("[\x13\x14\x15]")
_BREAKS: Final = {0x07: "\t", 0x0B: "\n", 0x0C: "\n", 0x0D: "\n", 0x0E: "\n", 0x1E: "-", 0x1F: ""}
_CONTROLS: Final = {code: _BREAKS.get(code, "") for code in range(0x20) if code not in (0x09, 0x0A)}


class _Piece(NamedTuple):
    """A piece of the text: its first character, the character after its last, and how the file stores it."""

    first: int
    end: int
    offset: int
    width: int
    """Bytes of each character."""


def word_text(file: CompoundFile) -> str:
    """Return the text that a reader sees.

    Raises:
        Unclean: the file is damaged, has a password, or was written by a Word before 97 (`unsupported`).
    """
    main = file.read("WordDocument")
    if len(main) < _PIECES + 8:
        raise Unclean("damaged")
    if int.from_bytes(main[:2], "little") != _IDENTIFIER:
        raise Unclean("unsupported")
    flags = int.from_bytes(main[10:12], "little")
    if flags & _ENCRYPTED:
        raise Unclean("encrypted")
    table = file.read("1Table" if flags & _SECOND_TABLE else "0Table")
    unseen = _unseen_runs(main, _placed(main, table, _RUNS))
    pieces = list(_pieces(_placed(main, table, _PIECES)))
    parts = ("".join(_characters(main, pieces, part, unseen)) for part in _shown_parts(main))
    return "\n".join(_without_instructions(part).translate(_CONTROLS) for part in parts)


def _placed(main: bytes, table: bytes, at: int) -> bytes:
    """Return the part of the table stream whose offset and size the file's head gives at `at`."""
    offset, size = struct.unpack_from("<II", main, at)
    return table[offset : offset + size]


def _shown_parts(main: bytes) -> Iterator[range]:
    begin = 0
    for shown, length in zip(_SHOWN_PARTS, struct.unpack_from("<8i", main, _LENGTHS), strict=True):
        if shown and length > 0:
            yield range(begin, begin + length)
        begin += max(0, length)


def _pieces(packed: bytes) -> Iterator[_Piece]:
    """Yield the pieces of the text in order (section 2.8.35), and skip the formats that stand before their table."""
    at = 0
    while packed[at : at + 1] == b"\x01":
        at += 3 + int.from_bytes(packed[at + 1 : at + 3], "little")
    table = packed[at + 5 : at + 5 + int.from_bytes(packed[at + 1 : at + 5], "little")]
    if packed[at : at + 1] != b"\x02" or len(table) < 16:  # noqa: PLR2004 - one piece
        raise Unclean("damaged")
    count = (len(table) - 4) // 12
    places = struct.unpack_from(f"<{count + 1}I", table)
    for number in range(count):
        coded = int.from_bytes(table[4 * count + 6 + 8 * number :][:4], "little")
        offset, width = (coded & _ONE_BYTE - 1, 2)
        if coded & _ONE_BYTE:
            offset, width = offset // 2, 1
        yield _Piece(places[number], places[number + 1], offset, width)


def _characters(main: bytes, pieces: list[_Piece], part: range, unseen: list[range]) -> Iterator[str]:
    """Yield the text of a part of the document, without what is hidden or deleted."""
    for piece in pieces:
        first, end = max(piece.first, part.start), min(piece.end, part.stop)
        if first < end:
            stored = range(piece.offset + (first - piece.first) * piece.width,
                           min(len(main), piece.offset + (end - piece.first) * piece.width))  # fmt: skip
            for seen in _seen(stored, unseen):
                yield main[seen.start : seen.stop].decode("cp1252" if piece.width == 1 else "utf-16-le", "replace")


def _seen(stored: range, unseen: list[range]) -> Iterator[range]:
    """Yield the parts of a range of bytes that lie in none of the `unseen` ranges, which are in order."""
    at = stored.start
    for run in unseen[max(0, bisect.bisect(unseen, at, key=lambda one: one.start) - 1) :]:
        if run.start >= stored.stop:
            break
        if run.stop > at:
            yield range(at, max(at, run.start))
            at = run.stop
    yield range(at, max(at, stored.stop))


def _unseen_runs(main: bytes, index: bytes) -> list[range]:
    """Return the places of hidden and deleted text, in order (sections 2.8.5 and 2.9.33)."""
    count = max(0, (len(index) - 4) // 8)
    found = []
    for number in range(count):
        start = _PAGE * (int.from_bytes(index[4 * (count + 1 + number) :][:4], "little") & 0x3FFFFF)
        found += list(_unseen_on_page(main[start : start + _PAGE]))
    return sorted(found, key=lambda one: one.start)


def _unseen_on_page(page: bytes) -> Iterator[range]:
    count = page[-1] if len(page) == _PAGE else 0
    if 5 * count + 4 >= _PAGE:
        return
    places = struct.unpack_from(f"<{count + 1}I", page)
    for number in range(count):
        at = 2 * page[4 * (count + 1) + number]
        if at and _is_unseen(page[at + 1 : at + 1 + page[at]]) and places[number] < places[number + 1]:
            yield range(places[number], places[number + 1])


def _is_unseen(operators: bytes) -> bool:
    at = 0
    while at + 3 <= len(operators):
        operator = int.from_bytes(operators[at : at + 2], "little")
        if operator in (_DELETED, _HIDDEN) and operators[at + 2]:
            return True
        at += 2 + (_OPERAND_BYTES[operator >> 13] or 1 + operators[at + 2])
    return False


def _without_instructions(text: str) -> str:
    """Return the text with the results of its fields, but without the instruction that stands before each result."""
    kept: list[str] = []
    fields: list[bool] = []
    at = 0
    for mark in _FIELD.finditer(text):
        if not any(fields):
            kept.append(text[at : mark.start()])
        at = mark.end()
        if mark[0] == "\x13":
            fields.append(True)
        elif fields and mark[0] == "\x14":
            fields[-1] = False
        elif fields:
            fields.pop()
    return "".join([*kept, text[at:] if not any(fields) else ""])
