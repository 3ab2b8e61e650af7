"""The queue: which tips it shows, in which order, with which marks. Pure; the pages lay it out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec

from satark.tip import STATUSES, Priority

if TYPE_CHECKING:
    from satark.officer import Summary
    from satark_desk.looks import Look
    from satark_desk.web.words import Words

PRIORITIES: tuple[Priority, ...] = ("urgent", "high", "normal")
MARKS: Final = ("new", "urgent", "open", "overdue")
"""In the order of an officer's morning: what to read, what can't wait, what is left."""
_LONGEST_SEARCH = 200


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer wants to see of the queue; it travels in the address, so that a page can be kept and shared."""

    status: str = ""
    category: str = ""
    priority: str = ""
    district: str = ""
    mark: str = ""
    """`new`: not seen, or something new in it. `urgent`: unfinished, of more than normal priority. `open`: unfinished.
    `overdue`: unfinished for too long."""
    q: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filter:
        """Read a filter from an address; what is not understood shows nothing rather than everything."""
        return cls(**{name: query.get(name, "")[:_LONGEST_SEARCH] for name in cls.__struct_fields__})

    @property
    def query(self) -> str:
        """The filter as it stands in an address, without what is not set."""
        return urlencode({name: value for name, value in msgspec.structs.asdict(self).items() if value})

    def but(self, **changes: str) -> str:
        """The address of a filter that differs from this one."""
        return msgspec.structs.replace(self, **changes).query


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the queue."""

    line: Summary
    days: int
    overdue: bool
    unseen: bool
    news: bool
    """The officer has seen it, but there is something new in it."""
    arrived: str

    @property
    def fresh(self) -> bool:
        """Whether the officer has something to read."""
        return self.unseen or self.news

    def has(self, mark: str) -> bool:
        """Whether one of `MARKS` is on it; of no other."""
        if mark == "new":
            return self.fresh
        if mark == "overdue":
            return self.overdue
        return not self.line.finished and (mark == "open" or (mark == "urgent" and bool(self.pressing)))

    @property
    def pressing(self) -> int:
        """How much sooner than others it is to be read: 0 where it is finished, or of normal priority."""
        return 0 if self.line.finished else PRIORITIES.index("normal") - PRIORITIES.index(self.line.header.priority)


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What the queue's marks are worked out from."""

    looks: Mapping[str, Look]
    arrivals: Mapping[str, str]
    now: float
    overdue_days: int

    def row(self, line: Summary, words: Words) -> Row:
        """Mark one line."""
        look = self.looks.get(line.id)
        days = words.age(line.header.received, self.now)
        return Row(
            line=line,
            days=days,
            overdue=days > self.overdue_days and not line.finished,
            unseen=look is None,
            news=look is not None and look.misses(line),
            arrived=self.arrivals.get(line.id, ""),
        )


def arrange(rows: Sequence[Row], wanted: Filter, found: set[str] | None) -> list[Row]:
    """Give the rows that a filter wants, unfinished urgent ones first, then the newest. `found`: by a text search."""
    chosen = [row for row in rows if _matches(row, wanted) and (found is None or row.line.id in found)]
    # The sort is stable and the rows come newest first.
    return sorted(chosen, key=lambda row: -row.pressing)


def counts(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Count the rows by status, in the order in which a tip goes through them."""
    counted = Counter(row.line.status for row in rows)
    return [(status, counted[status]) for status in STATUSES if counted[status]]


def _matches(row: Row, wanted: Filter) -> bool:
    header = row.line.header
    return (
        wanted.status in {"", row.line.status}
        and wanted.category in {"", header.category}
        and wanted.priority in {"", header.priority}
        and wanted.district in {"", header.district}
        and (not wanted.mark or row.has(wanted.mark))
    )


class Neighbours(msgspec.Struct, frozen=True):
    """Where to go from a tip: the tips before and after it in the queue, and the next one with something to read."""

    before: str = ""
    after: str = ""
    unread: str = ""


def neighbours(rows: Sequence[Row], tip: str) -> Neighbours:
    """Find a tip's neighbours (by number) in an arranged queue."""
    ids = [row.line.id for row in rows]
    here = ids.index(tip) if tip in ids else -1
    later = [*rows[here + 1 :], *rows[: max(here, 0)]]
    unread = next((row.line.header.number for row in later if row.fresh and row.line.id != tip), "")
    before = rows[here - 1].line.header.number if here > 0 else ""
    after = rows[here + 1].line.header.number if 0 <= here < len(rows) - 1 else ""
    return Neighbours(before, after, unread)
