"""Reads the cells of Excel 97 to 2003 files (MS-XLS): what each visible sheet shows, one line for each row.

It leaves out comments, names, hidden sheets and formulas. In place of a formula it reads the formula's last result.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

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
"""A record: its number, its content, and the content of the continuations that follow it."""


def excel_text(file: CompoundFile) -> tuple[str, bool]:
    """Return what the visible sheets show, and whether there are hidden ones.

    Raises:
        Unclean: the file is damaged, has a password, or was written by an Excel before 97 (`unsupported`).
    """
    book = _Book(file.read("Workbook"))
    sheets = ("\n".join((name, *_rows(_Cells(book).read(records)))) for name, records in book.sheets())
    return "\n\n".join(sheets), book.has_hidden_sheets


def drawing_records(file: CompoundFile) -> bytes:
    """Return the part of a workbook that holds its pictures (`MsoDrawingGroup`)."""
    return b"".join(b"".join(parts) for kind, parts in _records(file.read("Workbook"), 0) if kind == 0xEB)  # noqa: PLR2004 - its number


class _Book:
    """The data that all sheets of a workbook share."""

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
        """Row and column of a formula whose result is a text, which a later record holds."""

    def read(self, records: Iterator[Record]) -> Mapping[tuple[int, int], str]:
        """Read the records of a sheet, and return (row, column) → the cell's text."""
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
    """Yield each row that shows something, with tabs between its cells."""
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


LONG, SHORT = 2, 1
"""Bytes of the field that gives a text's number of characters."""
_WIDE, _FOREIGN, _RICH = 1, 4, 8


def read_string(content: bytes, at: int, length_bytes: int = LONG) -> str:
    """Return the text that begins at an offset: number of characters, flags, characters."""
    count = int.from_bytes(content[at : at + length_bytes], "little")
    flags = content[at + length_bytes] if at + length_bytes < len(content) else 0
    begin = at + length_bytes + 1 + 2 * bool(flags & _RICH) + 4 * bool(flags & _FOREIGN)
    width = 2 if flags & _WIDE else 1
    return _decode(content[begin : begin + width * count], width)


def read_shared_strings(parts: list[bytes]) -> list[str]:
    """Return the table of texts, to which cells refer by number. A damaged table ends early."""
    reader = _Reader(parts)
    reader.take(4)
    count = int.from_bytes(reader.take(4), "little")
    found: list[str] = []
    while len(found) < count and not reader.ended:
        found.append(reader.text())
    return found


class _Reader:
    """Reads a record and its continuations as if they were one record."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts, self._part, self._at = parts, 0, 0

    @property
    def ended(self) -> bool:
        self._go_on()
        return self._part >= len(self._parts)

    def take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size and not self.ended:
            taken += self._take_here(size - len(taken))
        return taken

    def text(self) -> str:
        """Return the next text. Each continuation begins with the width of its characters."""
        count, flags = int.from_bytes(self.take(2), "little"), int.from_bytes(self.take(1))
        runs = int.from_bytes(self.take(2), "little") if flags & _RICH else 0
        extra = int.from_bytes(self.take(4), "little") if flags & _FOREIGN else 0
        parts: list[str] = []
        width = 2 if flags & _WIDE else 1
        while count > 0 and not self.ended:
            if parts and not self._at:
                width = 2 if self._take_here(1)[0] & _WIDE else 1
            taken = self._take_here(width * count)
            parts.append(_decode(taken, width))
            count -= max(1, len(taken) // width)
        self.take(4 * runs + extra)
        return "".join(parts)

    def _go_on(self) -> None:
        while self._part < len(self._parts) and self._at >= len(self._parts[self._part]):
            self._part, self._at = self._part + 1, 0

    def _take_here(self, size: int) -> bytes:
        taken = self._parts[self._part][self._at : self._at + size]
        self._at += len(taken)
        return taken


def _decode(packed: bytes, width: int) -> str:
    return packed.decode("utf-16-le" if width == 2 else "latin-1", errors="replace")  # noqa: PLR2004 - bytes


# ECMA-376 part 1, section 18.8.30: formats that every Excel knows.
_DATES: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_NO_LETTERS: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
"""The parts of a number format that are shown as they stand, and its colours and conditions."""
_DATE_LETTERS: Final = re.compile("[dmyhs]", re.IGNORECASE)
_SECONDS: Final = 86_400
_LAST_DAY: Final = 2_958_466
_EPOCH, _EPOCH_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)  # noqa: DTZ001 - cells have no zone
_ERRORS: Final = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


class NumberFormats:
    """The formats of a workbook's cells."""

    def __init__(self) -> None:
        self.from_1904 = False
        """Whether days are counted from 1904, as on old Macintoshes."""
        self._dates = set(_DATES)
        self._cells: list[int] = []

    def add(self, number: int, text: str) -> None:
        """Add a number format that the workbook defines."""
        if _DATE_LETTERS.search(_NO_LETTERS.sub("", text.partition(";")[0].replace("General", ""))):
            self._dates.add(number)
        else:
            self._dates.discard(number)

    def add_cell_format(self, number: int) -> None:
        """Add the next cell format, which refers to a number format by its number."""
        self._cells.append(number)

    def show(self, value: float, style: int) -> str:
        """Return a number as a reader sees it in a cell; `style` is the number of the cell's format."""
        is_date = style < len(self._cells) and self._cells[style] in self._dates
        if is_date and 0 <= value < _LAST_DAY:
            return self._date(value)
        return str(int(value)) if math.isfinite(value) and value == int(value) else f"{value:.15g}"

    def _date(self, value: float) -> str:
        when = (_EPOCH_1904 if self.from_1904 else _EPOCH) + dt.timedelta(seconds=round(value * _SECONDS))
        if value < 1:
            return f"{when:%H:%M:%S}"
        return f"{when:%Y-%m-%d}" if value == int(value) else f"{when:%Y-%m-%d %H:%M:%S}"


def unpack_rk(packed: int) -> float:
    """Return the number that an RK value packs into 32 bits (MS-XLS, section 2.5.122)."""
    if packed & 2:
        value = float(packed >> 2 if packed < 1 << 31 else (packed >> 2) - (1 << 30))
    else:
        (value,) = struct.unpack("<d", bytes(4) + (packed & ~3).to_bytes(4, "little"))
    return value / 100 if packed & 1 else value


def shown_bool(value: int, *, is_error: bool) -> str:
    """Return a truth value or an error as a cell shows it."""
    return _ERRORS.get(value, "#?") if is_error else ("TRUE" if value else "FALSE")
