"""The queue of a desk: filter, order and marks of its rows, for the pages and for the command line."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlencode

import msgspec

from satark.officer import Clocks, DeskActs, Offices, WorkMark, marks_for
from satark.tip import STATUSES, Priority
from satark_desk.read_state import QueueEntry, queue_entries, read_states

if TYPE_CHECKING:
    from collections.abc import Callable

    from satark.officer import Casework, TipSummary
    from satark.services import Services
    from satark_desk.read_state import ReadState

PRIORITIES: tuple[Priority, ...] = ("urgent", "high", "normal")
Mark: TypeAlias = Literal["new", "urgent", "risen", "closing", "owed", "disputed", "overdue", "mine", "open"]
MARKS: Final[tuple[Mark, ...]] = (
    "new", "urgent", "risen", "closing", "owed", "disputed", "overdue", "mine", "open",
)  # fmt: skip
"""Marks that the queue can be filtered by, in the order in which an officer works."""
ALWAYS_SHOWN: Final[frozenset[Mark]] = frozenset({"new", "urgent", "overdue", "open"})
"""Marks whose count is shown even if it is 0."""
_MAX_QUERY = 200
_URGENT, _RISEN, _HIGH = 3, 2, 1


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What to show of the queue. It is part of the address, so that a page can be bookmarked and shared."""

    status: str = ""
    category: str = ""
    priority: str = ""
    district: str = ""
    station: str = ""
    officer: str = ""
    """The officer of the desk that it is assigned to."""
    mark: str = ""
    """One of `MARKS`. `new`: not seen, or something happened since. `urgent`: unfinished, with more than normal
    priority. `open`: unfinished. `overdue`: unfinished for too long, or a clock ran out. `mine`: assigned to the
    officer. The others are `WorkMark`s."""
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
    """The officer has seen it, and since then somebody has written or done something."""
    delivered: str
    """The time band in which it was delivered to the desk."""
    position: int = 0
    """Its place in the order of entry."""
    marks: frozenset[WorkMark] = frozenset()
    officer: str = ""
    """The officer of the desk that it is assigned to."""
    mine: bool = False
    """Whether that is the officer whose queue it is."""
    due: int = 0
    """When this desk owes a report, Unix seconds; 0: it owes none."""
    soon: bool = False
    """Whether the report is due so soon that the officer is reminded."""
    snippet: str = ""
    """Of a search: the words around what was found."""

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
        if mark in self.marks:
            return mark != "late"
        if self.summary.finished:
            return False
        return mark == "open" or (mark == "mine" and self.mine) or (mark == "urgent" and bool(self.urgency))

    @property
    def urgency(self) -> int:
        """The rank above normal priority; 0 for a finished tip."""
        return (
            0 if self.summary.finished else PRIORITIES.index("normal") - PRIORITIES.index(self.summary.header.priority)
        )

    @property
    def order(self) -> tuple[int, str, bool, int]:
        """What the queue is sorted by, the greatest first.

        Unfinished urgent tips are on top, then what rose to the desk, then high priority; within these, what came or
        was answered last. Times within a band are not kept: there, what is unread comes first, then what arrived last.
        """
        header = self.summary.header
        open_and_urgent = not self.summary.finished and header.priority == "urgent"
        rank = _URGENT if open_and_urgent else _RISEN if "risen" in self.marks else _HIGH if self.urgency else 0
        return rank, self.summary.last_heard, self.unread, self.position


class RowBuilder(msgspec.Struct, frozen=True, kw_only=True):
    """Builds the rows of one officer's queue."""

    desk: str
    officer: str
    read_states: Mapping[str, ReadState]
    """What the officer has seen, by tip id."""
    queue_entries: Mapping[str, QueueEntry]
    """When each tip was delivered to the desk, by tip id."""
    offices: Offices
    clocks: Clocks
    now: float
    overdue_days: int
    age: Callable[[str], int]
    """Gives the days since a time band, by the officers' calendar."""

    def row(self, summary: TipSummary) -> Row:
        """Build the row of one tip."""
        state, work = self.read_states.get(summary.id), summary.work
        days = self.age(summary.header.received)
        breaches = self.clocks.breaches(summary.header, work, self.now)
        entry = self.queue_entries.get(summary.id, QueueEntry())
        due = work.directions[self.desk].due if work.owes(self.desk) else 0
        return Row(
            summary=summary,
            days=days,
            overdue=not summary.finished and (days > self.overdue_days or bool(breaches)),
            new=state is None,
            updated=state is not None and state.is_behind(summary),
            delivered=entry.band,
            position=entry.position,
            marks=marks_for(self.desk, work, breaches, self.offices),
            officer=work.assigned.get(self.desk, ""),
            mine=work.assigned.get(self.desk) == self.officer,
            due=due,
            soon=bool(due) and self.clocks.is_near(due, self.now),
        )


def rows_of(
    services: Services, casework: Casework, *, clocks: Clocks, overdue_days: int, age: Callable[[str, float], int]
) -> list[Row]:
    """Return a row for every tip of an officer's desk, in no order. `age` gives the days since a time band."""
    desk, officer, now = casework.desk, casework.trail.officer, time.time()
    builder = RowBuilder(
        desk=desk,
        officer=officer,
        read_states=services.read(lambda c: read_states(c, desk, officer)),
        queue_entries=services.read(queue_entries),
        offices=DeskActs(services, casework, clocks).offices(),
        clocks=clocks,
        now=now,
        overdue_days=overdue_days,
        age=lru_cache(maxsize=None)(lambda band: age(band, now)),
    )
    return [builder.row(summary) for summary in casework.summaries()]


def filter_rows(rows: Sequence[Row], wanted: Filter, found: Mapping[str, str] | None) -> list[Row]:
    """Filter and sort rows; see `Row.order`.

    Args:
        rows: all rows.
        wanted: the filter.
        found: what a text search found, as tip id → snippet; None without a search.
    """
    chosen = [row for row in rows if _matches(row, wanted) and (found is None or row.summary.id in found)]
    if found is not None:
        chosen = [msgspec.structs.replace(row, snippet=found[row.summary.id]) for row in chosen]
    return sorted(chosen, key=lambda row: row.order, reverse=True)


def count_by_status(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Count the rows by status, in the order of a tip's progress."""
    counted = Counter(row.summary.status for row in rows)
    return [(status, counted[status]) for status in STATUSES if counted[status]]


def count_by_mark(rows: Sequence[Row]) -> dict[Mark, int]:
    """Count the rows that have each mark; marks that no row has are left out, except those that are always shown."""
    counted: dict[Mark, int] = dict.fromkeys(MARKS, 0)
    for row in rows:
        for mark in MARKS:
            counted[mark] += row.has(mark)
    return {mark: number for mark, number in counted.items() if number or mark in ALWAYS_SHOWN}


def _matches(row: Row, wanted: Filter) -> bool:
    header = row.summary.header
    return (
        wanted.status in {"", row.summary.status}
        and wanted.category in {"", header.category}
        and wanted.priority in {"", header.priority}
        and wanted.district in {"", header.district}
        and wanted.station in {"", header.station}
        and wanted.officer in {"", row.officer}
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
