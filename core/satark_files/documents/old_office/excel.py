"""Reads the cells of Excel 97 to 2003 files (MS-XLS): what each visible sheet shows, a line a row.

Comments, names, hidden sheets and formulas do not pass; of a formula its last result does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from satark_files.documents.old_office.excel_numbers import NumberFormats, shown_bool, unpack_rk
from satark_files.documents.old_office.excel_strings import SHORT, read_shared_strings, read_string
from satark_files.scrubber import Unclean

if TYPE_CHECKING:
    from satark_files.documents.old_office.compound_file import CompoundFile

# MS-XLS section 2.3: numbers of records.
_BOF, _EOF, _CONTINUE, _PASSWORD, _DATES_FROM_1904 = 0x0809, 0x0A, 0x3C, 0x2F, 0x22
_SHEET, _SHARED_STRINGS, _FORMAT, _CELL_FORMAT = 0x85, 0xFC, 0x041E, 0xE0
_SHARED, _LABEL, _NUMBER, _RK, _MANY_RK = 0xFD, 0x0204, 0x0203, 0x027E, 0xBD
_FORMULA, _RESULT, _BOOL = 0x06, 0x0207, 0x0205
_BIFF8: Final = 0x0600
_WORKSHEET: Final = 0
_NOT_A_NUMBER: Final = b"\xff\xff"
_MAX_CELLS: Final = 1_000_000

Record = tuple[int, list[bytes]]
"""Number, and content with its continuations."""


def excel_text(file: CompoundFile) -> tuple[str, bool]:
    """Return what the visible sheets show, and whether there are hidden ones.

    Raises:
        Unclean: the file is damaged, has a password, or is of an Excel before 97 (`unsupported`).
    """
    book = _Book(file.read("Workbook"))
    sheets = ("\n".join((name, *_rows(_Cells(book).read(records)))) for name, records in book.sheets())
    return "\n\n".join(sheets), book.has_hidden_sheets


def drawing_records(file: CompoundFile) -> bytes:
    """Return the part of a workbook that holds its pictures (`MsoDrawingGroup`)."""
    return b"".join(b"".join(parts) for kind, parts in _records(file.read("Workbook"), 0) if kind == 0xEB)  # noqa: PLR2004 - its number


class _Book:
    """What all sheets share."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self.strings: list[str] = []
        self.formats = NumberFormats()
        self.has_hidden_sheets = False
        self._sheets: list[tuple[str, int]] = []
        _check_version(stream)
        for kind, parts in _records(stream, 0):
            self._read(kind, parts)
            if kind == _EOF:
                break

    def _read(self, kind: int, parts: list[bytes]) -> None:
        content = parts[0]
        if kind == _PASSWORD:
            raise Unclean("encrypted")
        if kind == _SHARED_STRINGS:
            self.strings = read_shared_strings(parts)
        elif kind == _SHEET:
            self._read_sheet(content)
        elif kind == _FORMAT:
            self.formats.add(int.from_bytes(content[:2], "little"), read_string(content, 2))
        elif kind == _CELL_FORMAT:
            self.formats.add_cell_format(int.from_bytes(content[2:4], "little"))
        elif kind == _DATES_FROM_1904:
            self.formats.from_1904 = content[:1] == b"\1"

    def _read_sheet(self, content: bytes) -> None:
        offset, hidden, kind = struct.unpack_from("<IBB", content)
        if hidden & 3:
            self.has_hidden_sheets = True
        elif kind == _WORKSHEET:
            self._sheets.append((read_string(content, 6, SHORT), offset))

    def sheets(self) -> Iterator[tuple[str, Iterator[Record]]]:
        """Yield the name and the records of each visible sheet."""
        for name, offset in self._sheets:
            yield name, _records(self._stream, offset)


class _Cells:
    """Gathers the shown texts of one sheet's cells."""

    def __init__(self, book: _Book) -> None:
        self._book = book
        self._found: dict[tuple[int, int], str] = {}
        self._awaiting: tuple[int, int] | None = None
        """The cell of a formula whose text follows."""

    def read(self, records: Iterator[Record]) -> Mapping[tuple[int, int], str]:
        """Return (row, column) → text."""
        depth = 0
        for kind, parts in records:
            depth += (kind == _BOF) - (kind == _EOF)  # a chart in a sheet has a begin and an end of its own
            if depth == 1 and parts:
                self._read(kind, parts[0])
            if depth <= 0 or len(self._found) > _MAX_CELLS:
                break
        return MappingProxyType(self._found)

    def _read(self, kind: int, content: bytes) -> None:
        if kind == _RESULT and self._awaiting is not None:
            self._found[self._awaiting] = read_string(content, 0)
        if kind not in (_SHARED, _LABEL, _NUMBER, _RK, _MANY_RK, _FORMULA, _BOOL) or len(content) < 8:  # noqa: PLR2004 - row, column, format, value
            return
        row, column, style = struct.unpack_from("<HHH", content)
        if kind == _MANY_RK:
            for number, at in enumerate(range(4, len(content) - 7, 6)):
                style, packed = struct.unpack_from("<HI", content, at)
                self._found[row, column + number] = self._book.formats.show(unpack_rk(packed), style)
        else:
            self._add((row, column), kind, style, content)

    def _add(self, place: tuple[int, int], kind: int, style: int, content: bytes) -> None:
        if kind == _SHARED:
            number = int.from_bytes(content[6:10], "little")
            self._found[place] = self._book.strings[number] if number < len(self._book.strings) else ""
        elif kind == _LABEL:
            self._found[place] = read_string(content, 6)
        elif kind == _RK:
            self._found[place] = self._book.formats.show(unpack_rk(int.from_bytes(content[6:10], "little")), style)
        elif kind == _BOOL:
            self._found[place] = shown_bool(content[6], is_error=content[7] == 1)
        else:
            self._add_number(place, style, content[6:14], is_formula=kind == _FORMULA)

    def _add_number(self, place: tuple[int, int], style: int, value: bytes, *, is_formula: bool) -> None:
        """Add a number, or the result of a formula, which may be a text, a truth value or an error (2.5.133)."""
        if is_formula and value[6:] == _NOT_A_NUMBER:
            self._awaiting = place if value[0] == 0 else None
            if value[0] in (1, 2):
                self._found[place] = shown_bool(value[2], is_error=value[0] == 2)  # noqa: PLR2004 - an error
        elif len(value) == 8:  # noqa: PLR2004 - a double
            self._found[place] = self._book.formats.show(struct.unpack("<d", value)[0], style)


def _rows(cells: Mapping[tuple[int, int], str]) -> Iterator[str]:
    """Yield each row that shows something, its cells apart by tabs."""
    rows: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in cells.items():
        if text:
            rows.setdefault(row, []).append((column, text))
    for _, shown in sorted(rows.items()):
        line: list[str] = []
        for column, text in sorted(shown):
            line += [""] * (min(column, 255) - len(line))
            line.append(" ".join(text.split()))
        yield "\t".join(line)


def _check_version(stream: bytes) -> None:
    if len(stream) < 6:  # noqa: PLR2004 - number, length, version
        raise Unclean("unsupported")  # Excel 5 and 95 call their stream `Book`
    kind, _, version = struct.unpack_from("<HHH", stream)
    if kind != _BOF or version != _BIFF8:
        raise Unclean("damaged")


def _records(stream: bytes, at: int) -> Iterator[Record]:
    """Yield each record with the continuations that follow it."""
    waiting: Record | None = None
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        content = stream[at + 4 : at + 4 + length]
        if kind == _CONTINUE and waiting is not None:
            waiting[1].append(content)
        else:
            if waiting is not None:
                yield waiting
            waiting = (kind, [content])
        at += 4 + length
    if waiting is not None:
        yield waiting
