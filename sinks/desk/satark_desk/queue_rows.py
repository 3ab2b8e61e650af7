"""The queue of a desk: the content of a row, its marks, and the filters of the queue."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, Literal, Self, TypeAlias, get_args
from urllib.parse import urlencode

import msgspec

from satark.api import Priority
from satark.casework import Clocks, Direction, Gist, Offices, TipSummary, Work, WorkMark
from satark_desk.read_state import QueueEntry

PRIORITIES: tuple[Priority, ...] = ("urgent", "high", "normal")
Mark: TypeAlias = Literal["new", "urgent", "risen", "closing", "owed", "disputed", "overdue", "mine", "open"]
MARKS: Final[tuple[Mark, ...]] = get_args(Mark)
"""Marks for filtering the queue, in the order in which an officer works."""
Section: TypeAlias = Literal["now", "owed", "decide", "waiting", "done", "merged"]
"""The desk's next step with a tip. `now`: it acts now. `owed`: it owes a report or the next step, and there is time.
`decide`: it decides on a closing, a dispute or a consent. `waiting`: somebody else must act first. `done`: finished.
`merged`: it follows another tip."""
SECTIONS: Final[tuple[Section, ...]] = get_args(Section)
"""The sections, in the order of the queue."""
WORK: Final = SECTIONS[:4]
"""The sections of unfinished tips, which the queue shows without a filter."""
FIELDS: Final = ("section", "status", "category", "priority", "district", "station", "officer")
"""Fields of `Filter` that compare one value of the tip."""
PRESSING: Final = 2
"""The rank of an urgent tip on which no desk has acted since it came or its tipster wrote."""
_MAX_QUERY = 200


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Selects rows of the queue. The filter is part of the address, so that officers can bookmark and share a page."""

    section: str = ""
    """One of `SECTIONS`."""
    status: str = ""
    category: str = ""
    priority: str = ""
    district: str = ""
    station: str = ""
    officer: str = ""
    """The officer of the desk that it is assigned to."""
    mark: str = ""
    """One of `MARKS`. `new`: the officer has not seen the tip, or something happened since. `urgent`: unfinished, with
    more than normal priority. `open`: unfinished. `overdue`: unfinished for too long, or a clock ran out. `mine`:
    assigned to the officer. The others are `WorkMark`s."""
    q: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Parse a filter from an address. An unknown value matches nothing, rather than everything."""
        return cls(**{name: query.get(name, "")[:_MAX_QUERY] for name in cls.__struct_fields__})

    @property
    def query(self) -> str:
        """The filter as a query string, without empty values."""
        return urlencode({name: value for name, value in msgspec.structs.asdict(self).items() if value})


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the queue."""

    summary: TipSummary
    days: int
    section: Section = "now"
    act_by: int = 0
    """When the clock of the tip that runs now ends, Unix seconds; 0: none runs."""
    overdue: bool
    """Whether a clock that this desk keeps or watches ran out, or the tip is unfinished for too long."""
    rank: int = 0
    """What stands first: `PRESSING`, then 1: overdue."""
    new: bool
    """Whether the officer has not seen the tip yet."""
    updated: bool
    """Whether somebody has written or done something since the officer saw the tip."""
    delivered: str
    """Time band in which the tip was delivered to the desk."""
    position: int = 0
    """The tip's place in the order of entry."""
    marks: frozenset[WorkMark] = frozenset()
    officer: str = ""
    """The officer of the desk that it is assigned to."""
    mine: bool = False
    """Whether the tip is assigned to the officer who looks at the queue."""
    due: int = 0
    """When this desk owes a report, Unix seconds; 0: it owes none."""
    soon: bool = False
    """Whether the report is due so soon that the officer is reminded."""
    awaited: tuple[Direction, ...] = ()
    """Directions to other desks whose reports are still to come."""
    gist: Gist = Gist()
    snippet: str = ""
    """The words around a search's match."""

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
        return mark == "open" or (mark == "mine" and self.mine) or (mark == "urgent" and self.is_urgent)

    @property
    def is_urgent(self) -> bool:
        """Whether the tip is unfinished and of more than normal priority."""
        return not self.summary.finished and self.summary.header.priority != "normal"


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
        work, header, has_key = summary.work, summary.header, bool(summary.holders)
        days = self.age(header.received)
        breaches = self.clocks.breaches(header, work, self.now)
        is_old = has_key and days > self.clocks.open_days(header, self.overdue_days)
        overdue = not work.finished and (is_old or any(has_key or one.desk == self.desk for one in breaches))
        is_urgent = has_key and not work.finished and header.priority == "urgent"
        pressing = is_urgent and (work.heard or not work.acted)
        marks = self.offices.marks(self.desk, work, breaches)
        entry = self.queue_entries.get(summary.id, QueueEntry())
        due = work.directions[self.desk].due if work.owes(self.desk) else 0
        return Row(
            summary=summary,
            days=days,
            section="now" if overdue or pressing else self._section(summary, marks),
            act_by=self.clocks.due(header, work),
            overdue=overdue,
            rank=PRESSING if pressing else int(overdue),
            new=summary.id in self.unseen,
            updated=summary.id in self.updated,
            delivered=entry.band,
            position=entry.position,
            marks=marks,
            officer=work.assigned.get(self.desk, ""),
            mine=work.assigned.get(self.desk) == self.officer,
            due=due,
            soon=bool(due) and self.clocks.is_near(due, self.now),
            awaited=tuple(one for to, one in work.directions.items() if to != self.desk and work.owes(to)),
        )

    def _section(self, summary: TipSummary, marks: frozenset[WorkMark]) -> Section:
        """Return the section of a tip whose clocks have not run out."""
        work = summary.work
        if work.finished:
            return "merged" if work.merged_into else "done"
        if work.disputed and work.heard:
            return "decide" if self._decides_dispute(summary) else "waiting"
        consents = work.raw_asked is not None and work.raw_asked.message.desk == self.desk
        if consents or ("closing" in marks and self._decides_closing(work)):
            return "decide"
        is_own = work.next_desk == self.desk or (work.next_desk in {"", *work.unattended} and self._is_lowest(summary))
        waits = work.asked or summary.awaits_reply or work.awaits_report
        if "owed" in marks or (is_own and work.acted and not waits and not work.heard):
            return "owed"
        return "now" if is_own and (work.heard or not waits) else "waiting"

    def _decides_closing(self, work: Work) -> bool:
        """Return whether this desk is the first of those that may decide on the closing."""
        asking = work.awaits_closing_from()
        return work.disputed or (work.director_of(asking) or asking) in {self.desk, *work.unattended}

    def _decides_dispute(self, summary: TipSummary) -> bool:
        """Return whether a disputed closing waits for this desk: above or, if no desk above has it, the closing one."""
        closed_by = summary.work.finished_by
        above = [one for one in summary.holders if self.offices.is_above(one, closed_by)]
        return self.desk in (above or [closed_by])

    def _is_lowest(self, summary: TipSummary) -> bool:
        """Return whether no desk below this one has both the tip and an officer who may work on it."""
        return not any(self.offices.is_above(self.desk, one) for one in summary.holders - summary.work.unattended)
