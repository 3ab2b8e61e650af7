"""The queue of a desk: what a row shows, its marks, and what the queue can be filtered by."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlencode

import msgspec

from satark.api import Priority
from satark.casework import Clocks, Direction, Offices, WorkMark
from satark_desk.read_state import QueueEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from satark.casework import TipSummary

PRIORITIES: tuple[Priority, ...] = ("urgent", "high", "normal")
Mark: TypeAlias = Literal["new", "urgent", "risen", "closing", "owed", "disputed", "overdue", "mine", "open"]
MARKS: Final[tuple[Mark, ...]] = (
    "new", "urgent", "risen", "closing", "owed", "disputed", "overdue", "mine", "open",
)  # fmt: skip
"""Marks that the queue can be filtered by, in the order in which an officer works."""
ALWAYS_SHOWN: Final[frozenset[Mark]] = frozenset({"new", "urgent", "overdue", "open"})
"""Marks whose count is shown even if it is 0."""
FIELDS: Final = ("status", "category", "priority", "district", "station", "officer")
"""Fields of `Filter` that compare one value of the tip."""
_MAX_QUERY = 200
_URGENT, _RISEN, _HIGH = 3, 2, 1


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What to show of the queue. The filter is part of the address, so that officers can bookmark and share a page."""

    status: str = ""
    category: str = ""
    priority: str = ""
    district: str = ""
    station: str = ""
    officer: str = ""
    """The officer of the desk that it is assigned to."""
    mark: str = ""
    """One of `MARKS`. `new`: the officer has not seen it, or something happened since. `urgent`: unfinished, with more
    than normal priority. `open`: unfinished. `overdue`: unfinished for too long, or a clock ran out. `mine`: assigned
    to the officer. The others are `WorkMark`s.
    """
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
    """Time band in which it was delivered to the desk."""
    position: int = 0
    """The tip's place in the order of entry."""
    marks: frozenset[WorkMark] = frozenset()
    officer: str = ""
    """The officer of the desk that it is assigned to."""
    mine: bool = False
    """Whether it is assigned to the officer who looks at the queue."""
    due: int = 0
    """When this desk owes a report, Unix seconds; 0: it owes none."""
    soon: bool = False
    """Whether the report is due so soon that the officer is reminded."""
    awaited: tuple[Direction, ...] = ()
    """Directions to other desks whose reports are still to come."""
    snippet: str = ""
    """The words around what a search found."""

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
    def is_pressing(self) -> bool:
        """Whether it is urgent and unfinished."""
        return not self.summary.finished and self.summary.header.priority == "urgent"

    @property
    def rank(self) -> int:
        """First sort key of the queue: unfinished urgent tips, then tips that rose to the desk, then high priority."""
        if self.is_pressing:
            return _URGENT
        return _RISEN if "risen" in self.marks else _HIGH if self.urgency else 0


class RowBuilder(msgspec.Struct, frozen=True, kw_only=True):
    """Builds the rows of one officer's queue."""

    desk: str
    officer: str
    unseen: AbstractSet[str]
    """Ids of the tips that the officer has not seen."""
    updated: AbstractSet[str]
    """Ids of the tips that changed since the officer saw them."""
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
        work = summary.work
        days = self.age(summary.header.received)
        breaches = self.clocks.breaches(summary.header, work, self.now)
        open_days = self.clocks.open_days(summary.header, self.overdue_days)
        entry = self.queue_entries.get(summary.id, QueueEntry())
        due = work.directions[self.desk].due if work.owes(self.desk) else 0
        return Row(
            summary=summary,
            days=days,
            overdue=not summary.finished and (days > open_days or bool(breaches)),
            new=summary.id in self.unseen,
            updated=summary.id in self.updated,
            delivered=entry.band,
            position=entry.position,
            marks=self.offices.marks(self.desk, work, breaches),
            officer=work.assigned.get(self.desk, ""),
            mine=work.assigned.get(self.desk) == self.officer,
            due=due,
            soon=bool(due) and self.clocks.is_near(due, self.now),
            awaited=tuple(one for to, one in work.directions.items() if to != self.desk and work.owes(to)),
        )
