"""The queue: filter, order and marks of its rows. Pure functions; the templates render the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec

from satark.tip import STATUSES, Priority

if TYPE_CHECKING:
    from satark.officer import TipSummary
    from satark_desk.read_state import ReadState
    from satark_desk.web.page_text import PageText

PRIORITIES: tuple[Priority, ...] = ("urgent", "high", "normal")
MARKS: Final = ("new", "urgent", "open", "overdue")
"""Marks that the queue can be filtered by, in the order in which an officer works."""
_MAX_QUERY = 200


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What to show of the queue. It is part of the address, so that a page can be bookmarked and shared."""

    status: str = ""
    category: str = ""
    priority: str = ""
    district: str = ""
    mark: str = ""
    """`new`: not seen, or changed since. `urgent`: unfinished, with more than normal priority. `open`: unfinished.
    `overdue`: unfinished for too long."""
    q: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filter:
        """Parse a filter from an address. An unknown value matches nothing, rather than everything."""
        return cls(**{name: query.get(name, "")[:_MAX_QUERY] for name in cls.__struct_fields__})

    @property
    def query(self) -> str:
        """The filter as a query string, without empty values."""
        return urlencode({name: value for name, value in msgspec.structs.asdict(self).items() if value})

    def but(self, **changes: str) -> str:
        """Return the query string of this filter with some values changed."""
        return msgspec.structs.replace(self, **changes).query


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the queue."""

    summary: TipSummary
    days: int
    overdue: bool
    new: bool
    """The officer has not seen it."""
    updated: bool
    """The officer has seen it, and it has changed since."""
    delivered: str
    """The time band in which it was delivered to the desk."""

    @property
    def unread(self) -> bool:
        """Whether the officer has something to read."""
        return self.new or self.updated

    def has(self, mark: str) -> bool:
        """Return whether the row has one of `MARKS`; False for any other word."""
        if mark == "new":
            return self.unread
        if mark == "overdue":
            return self.overdue
        return not self.summary.finished and (mark == "open" or (mark == "urgent" and bool(self.urgency)))

    @property
    def urgency(self) -> int:
        """The rank above normal priority; 0 for a finished tip."""
        return (
            0 if self.summary.finished else PRIORITIES.index("normal") - PRIORITIES.index(self.summary.header.priority)
        )


class RowBuilder(msgspec.Struct, frozen=True, kw_only=True):
    """Builds the rows of one officer's queue."""

    read_states: Mapping[str, ReadState]
    """What the officer has seen, by tip id."""
    delivered: Mapping[str, str]
    """When each tip was delivered to the desk, by tip id."""
    now: float
    overdue_days: int

    def row(self, summary: TipSummary, text: PageText) -> Row:
        """Build the row of one tip."""
        state = self.read_states.get(summary.id)
        days = text.age(summary.header.received, self.now)
        return Row(
            summary=summary,
            days=days,
            overdue=days > self.overdue_days and not summary.finished,
            new=state is None,
            updated=state is not None and state.is_behind(summary),
            delivered=self.delivered.get(summary.id, ""),
        )


def filter_rows(rows: Sequence[Row], wanted: Filter, found: set[str] | None) -> list[Row]:
    """Filter and sort rows: unfinished urgent tips first, then the newest.

    Args:
        rows: all rows, the newest first.
        wanted: the filter.
        found: ids of the tips that a text search found; None without a search.
    """
    chosen = [row for row in rows if _matches(row, wanted) and (found is None or row.summary.id in found)]
    # The sort is stable, and the rows come with the newest first.
    return sorted(chosen, key=lambda row: -row.urgency)


def count_by_status(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Count the rows by status, in the order of a tip's progress."""
    counted = Counter(row.summary.status for row in rows)
    return [(status, counted[status]) for status in STATUSES if counted[status]]


def _matches(row: Row, wanted: Filter) -> bool:
    header = row.summary.header
    return (
        wanted.status in {"", row.summary.status}
        and wanted.category in {"", header.category}
        and wanted.priority in {"", header.priority}
        and wanted.district in {"", header.district}
        and (not wanted.mark or row.has(wanted.mark))
    )


class Neighbours(msgspec.Struct, frozen=True):
    """The tips before and after a tip in the queue, and the next unread one, by number; empty if there is none."""

    before: str = ""
    after: str = ""
    unread: str = ""


def neighbours(rows: Sequence[Row], tip: str) -> Neighbours:
    """Find a tip's neighbours in a filtered queue."""
    ids = [row.summary.id for row in rows]
    here = ids.index(tip) if tip in ids else -1
    later = [*rows[here + 1 :], *rows[: max(here, 0)]]
    unread = next((row.summary.header.number for row in later if row.unread and row.summary.id != tip), "")
    before = rows[here - 1].summary.header.number if here > 0 else ""
    after = rows[here + 1].summary.header.number if 0 <= here < len(rows) - 1 else ""
    return Neighbours(before, after, unread)
