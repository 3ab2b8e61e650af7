"""Shows the numbers of Excel's cells as a reader sees them: dates and times as such, other numbers without formats."""

from __future__ import annotations

import datetime as dt
import math
import re
import struct
from typing import Final

# ECMA-376 part 1, section 18.8.30: formats that every Excel knows.
_DATES: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_NO_LETTERS: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
"""What in a format is shown as it is, or is a colour or a condition."""
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
        """Add a format of the workbook's own."""
        if _DATE_LETTERS.search(_NO_LETTERS.sub("", text.partition(";")[0].replace("General", ""))):
            self._dates.add(number)
        else:
            self._dates.discard(number)

    def add_cell_format(self, number: int) -> None:
        """Add the next format of cells, which names that of their numbers."""
        self._cells.append(number)

    def show(self, value: float, style: int) -> str:
        """Return a number as a reader sees it, given the number of its cell's format."""
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
    """Return the number in 32 bits (MS-XLS, section 2.5.122)."""
    if packed & 2:
        value = float(packed >> 2 if packed < 1 << 31 else (packed >> 2) - (1 << 30))
    else:
        (value,) = struct.unpack("<d", bytes(4) + (packed & ~3).to_bytes(4, "little"))
    return value / 100 if packed & 1 else value


def shown_bool(value: int, *, is_error: bool) -> str:
    """Return a truth value or an error as a cell shows it."""
    return _ERRORS.get(value, "#?") if is_error else ("TRUE" if value else "FALSE")
