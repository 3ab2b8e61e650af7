"""Clocks of the desks' work: when an act or a report is due, which clocks ran out, and which desks learn it. No I/O.

Working time is the days and hours of the week in which desks work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import msgspec

from satark.api.routing import Desk
from satark.api.tip import Header, Priority
from satark.casework.work import Breach, Work, WorkMark
from satark.identity.time_buckets import BAND_HOURS
from satark.routing.rules import desks_above
from satark_words.geography.geography import Geography

_HOUR, _DAY = 3600, 86_400
_EPOCH = date(1970, 1, 1)
SUNDAY = 6
"""Number of the last day of the week; Monday is 0."""


class WorkingTime(msgspec.Struct, frozen=True, kw_only=True):
    """The same hours on each working day.

    Raises:
        ValueError: there is no such day of the week, no working day at all, or no time between begin and end.
    """

    weekdays: frozenset[int]
    """Working days of the week, each from 0 (Monday) to `SUNDAY`."""
    begins: int
    """Seconds after midnight at which work begins."""
    ends: int
    """Seconds after midnight at which work ends, at most a whole day."""
    holidays: frozenset[date] = frozenset()
    """Dates on which nobody works, whatever their day of the week."""
    utc_offset_hours: float = 5.5

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(range(SUNDAY + 1)):
            raise ValueError("no working day, or no such day of the week")
        if not 0 <= self.begins < self.ends <= _DAY:
            raise ValueError("work must begin before it ends, on the same day")

    def is_worked(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays

    def day_of(self, moment: float) -> date:
        """Return the day of a moment (Unix seconds) in the desks' time zone."""
        return _EPOCH + timedelta(days=(moment + self.utc_offset_hours * _HOUR) // _DAY)

    @lru_cache(maxsize=4096)  # noqa: B019 - an installation has one working time
    def after(self, start: float, hours: float) -> float:
        """Return the moment at which `hours` working hours (above 0) have passed since `start`, in Unix seconds."""
        left, days = hours * _HOUR, self._worked_from(self.day_of(start))
        while True:
            midnight = (next(days) - _EPOCH).days * _DAY - self.utc_offset_hours * _HOUR
            begin, end = max(start, midnight + self.begins), midnight + self.ends
            if left <= end - begin:
                return begin + left
            left -= max(0, end - begin)

    @lru_cache(maxsize=4096)  # noqa: B019
    def days_until(self, start: date, days: int) -> int:
        """Return the largest number of calendar days after `start` that contain at most `days` working days."""
        worked = self._worked_from(start + timedelta(days=1))
        for _ in range(days):
            next(worked)
        return (next(worked) - start).days - 1

    def _worked_from(self, day: date) -> Iterator[date]:
        while True:
            if self.is_worked(day):
                yield day
            day += timedelta(days=1)


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """The time limits for acts and reports, by priority."""

    first_act_hours: Mapping[Priority, float] = msgspec.field(
        default_factory=lambda: {"urgent": 1, "high": 12, "normal": 72}
    )
    """Hours until a desk must have acted. They begin in the minute in which an urgent tip came; for any other tip, at
    the end of its six-hour band."""
    report_hours: Mapping[Priority, float] = msgspec.field(
        default_factory=lambda: {"urgent": 6, "high": 24, "normal": 168}
    )
    """Hours until a report is owed if the direction names no time. If no report is owed: hours until the next act."""
    remind_hours: float = 4
    """Number of hours before a report's due time from which the desk is reminded."""
    longest_days: int = 90
    """Longest time that a direction may give for a report, in days."""
    working: WorkingTime | None = None
    """The hours that count for tips of normal priority; None: all. For tips of higher priority, all hours count."""

    def report_due(self, priority: Priority, now: float) -> int:
        """Return when a report is due (Unix seconds) under a direction that names no time itself."""
        return int(min(self._after(priority, now, self.report_hours), now + self.longest_days * _DAY))

    def first_act_due(self, header: Header, work: Work) -> int:
        """Return when a desk must have acted, Unix seconds; 0 if nothing says when the tip came."""
        start = work.urgent_since or band_end(header.received)
        return int(self._after(header.priority, start, self.first_act_hours)) if start else 0

    def next_act_due(self, header: Header, work: Work) -> int:
        """Return when the desk that acted last, or the one that directed it, must act or decide, Unix seconds.

        0 while no desk has acted or a report is owed, and of a finished tip.
        """
        waits = work.finished or work.awaits_report or not work.acted
        return 0 if waits else self.report_due(header.priority, work.acted_at or band_end(header.received))

    def due(self, header: Header, work: Work) -> int:
        """Return when the clock that runs now ends, Unix seconds; 0: none runs."""
        if not work.acted:
            return 0 if work.finished else self.first_act_due(header, work)
        owed = [one.due for one in work.directions.values() if one.is_open and not work.finished]
        return min(owed, default=self.next_act_due(header, work))

    def open_days(self, header: Header, days: int) -> int:
        """Return after how many calendar days an open tip is overdue, if it may be open for `days` working days."""
        working, end = self.working_for(header.priority), band_end(header.received)
        if working is None or not end:
            return days
        return working.days_until(working.day_of(end - BAND_HOURS * _HOUR / 2), days)

    def working_for(self, priority: Priority) -> WorkingTime | None:
        """Return the working time that counts for tips of a priority; None: every hour counts."""
        return self.working if priority == "normal" else None

    def _after(self, priority: Priority, start: float, hours: Mapping[Priority, float]) -> float:
        working = self.working_for(priority)
        return working.after(start, hours[priority]) if working else start + hours[priority] * _HOUR

    def is_near(self, due: int, now: float) -> bool:
        """Return whether a report is due so soon that its desk is reminded."""
        return due - self.remind_hours * _HOUR <= now

    def breaches(self, header: Header, work: Work, now: float) -> tuple[Breach, ...]:
        """Return the clocks of a tip that ran out."""
        if work.finished:
            return ()
        first = self.first_act_due(header, work)
        found = [Breach(kind="first_act", desk="", due=first)] if not work.acted and 0 < first < now else []
        if 0 < (due := self.next_act_due(header, work)) < now:
            found.append(Breach(kind="next_act", desk=work.next_desk, due=due))
        found += [
            Breach(kind="report", desk=one.to, due=one.due)
            for one in work.directions.values()
            if one.is_open and one.due < now
        ]
        return tuple(found)


class Offices(msgspec.Struct, frozen=True, kw_only=True):
    """Tells which desks stand above which."""

    above: Mapping[str, Collection[str]]
    """The desks above each desk, by its name."""
    first: Collection[str]
    """The desks that get a tip first, by routing. If nobody acts on the tip, the desks above them are told."""

    @classmethod
    def of(cls, desks: Collection[Desk], geography: Geography) -> Offices:
        above = {one.name: [desk.name for desk in desks_above(one, desks, geography)] for one in desks}
        return cls(above=above, first=[one.name for one in desks if one.level == "district"])

    def is_above(self, desk: str, other: str) -> bool:
        """Return whether a desk is above another; an unknown name counts as one of `first`."""
        if other in self.above:
            return desk in self.above[other]
        return bool(other) and any(desk in self.above.get(first, ()) for first in self.first)

    def marks(self, desk: str, work: Work, breaches: Collection[Breach]) -> frozenset[WorkMark]:
        """Return the marks that a tip shows to a desk, given the tip's clocks that ran out."""
        marks = set[WorkMark]()
        if work.owes(desk):
            marks.add("owed")
        if breaches:
            marks.add("late")
        if any(self._rises_to(desk, one, work) for one in breaches):
            marks.add("risen")
        if not work.finished and any(self.is_above(desk, one) for one in work.unattended):
            marks.add("risen")
        asking = work.awaits_closing_from()
        if asking and not work.finished and self.may_decide(desk, work, asking):
            marks.add("closing")
        if work.disputed:
            marks |= {"disputed", "risen"} if self.is_above(desk, work.finished_by) else {"disputed"}
        return frozenset(marks)

    def _rises_to(self, desk: str, breach: Breach, work: Work) -> bool:
        """Return whether a desk is told of a clock that ran out.

        A missed first act is told to the desks above those that get a tip first; a missed next act, to the desks
        above the one that owes it; a missed report, to the desks above the one that directed the work.
        """
        if breach.kind == "next_act":
            return self.is_above(desk, breach.desk)
        if breach.kind == "first_act":
            return any(self.is_above(desk, first) for first in self.first)
        return self.is_above(desk, work.director_of(breach.desk))

    def may_decide(self, desk: str, work: Work, asking: str) -> bool:
        """Return whether a desk may approve or refuse the closing that the desk `asking` asks for.

        The desk that directed the work may, and the desks above it. If no desk directed it, the asking desk itself may
        decide (by a second officer), and the desks above it. After a dispute, only the desks above the one whose
        closing was disputed may.
        """
        if work.disputed:
            return self.is_above(desk, work.finished_by)
        first = work.director_of(asking) or asking
        return desk == first or self.is_above(desk, first)


@lru_cache(1 << 14)
def band_end(band: str) -> float:
    """Return the end of a six-hour band, Unix seconds; 0 if the text is no band."""
    try:
        start = datetime.strptime(band.partition("/")[0], "%Y-%m-%dT%H").replace(tzinfo=UTC)
    except ValueError:
        return 0
    return start.timestamp() + BAND_HOURS * _HOUR
