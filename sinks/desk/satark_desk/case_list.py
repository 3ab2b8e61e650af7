"""Tables as CSV. A row of the list of cases has no text that anybody wrote, and no time but days."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final

from satark_desk.tip_queue import Row
from satark_desk.web.page_text import PageText

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes a cell that begins with one of these characters for a formula."""
_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Byte order mark at the beginning of the file, so that spreadsheets read the file as UTF-8."""


def case_list(rows: Iterable[Row], text: PageText, titles: Mapping[str, str]) -> str:
    """Write the rows of a queue as CSV. `titles` gives the desks' titles by their names."""
    return as_csv([text(f"case_list.{name}") for name in _COLUMNS], (_line(row, text, titles) for row in rows))


def as_csv(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """Write lines as CSV in which a spreadsheet runs no cell."""
    out = io.StringIO()
    out.write(_MARK)
    writer = csv.writer(out)
    writer.writerows([_safe(cell) for cell in line] for line in (head, *lines))
    return out.getvalue()


_COLUMNS: Final = (
    "number", "received", "days", "category", "district", "station", "priority", "status", "outcome",
    "directed", "due", "disputes",
)  # fmt: skip


def _line(row: Row, text: PageText, titles: Mapping[str, str]) -> tuple[str, ...]:
    header, work = row.summary.header, row.summary.work
    directed = work.directions.values()
    due = min((one.due for one in directed if one.is_open and not work.finished), default=0)
    return (
        header.number,
        text.iso_day(header.received),
        str(row.days),
        text.category(header.category),
        text.place(header.district),
        text.place(header.station),
        text.priority(header.priority),
        text.status(row.summary.status),
        text(f"outcome.{work.outcome}") if work.outcome else "",
        "; ".join(titles.get(one.to, one.to) for one in directed),
        text.today(due).isoformat() if due else "",
        str(work.disputes),
    )


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
