"""Figures of a desk: its tips counted by status, category and the like, and the hours that its work takes."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Final, Literal, TypeAlias, TypeVar

import msgspec

from satark.casework import Casework, PostedMessage, Services, band_end
from satark_desk.read_state import first_looks
from satark_desk.tip_queue import Row

T = TypeVar("T")

AGES: Final = ((1, "d1"), (3, "d3"), (7, "d7"), (30, "d30"))
"""Bands of ages: the highest age in days, and the band's name."""
OLDER: Final = "older"
"""The band of all older tips."""
DAYS: Final = 28
"""Highest age in days of a tip that counts, so that the figures describe today's work."""
_DAY: Final = 86400
_HOUR: Final = 3600
PaceStep: TypeAlias = Literal["look", "direction", "report"]
STEPS: Final[tuple[PaceStep, ...]] = ("look", "direction", "report")


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts for the desk's own officers. They are not for publication, since small counts may point to a tipster."""

    tips: int
    open: int
    overdue: int
    reports_owed: int
    closings_asked: int
    disputed_closings: int
    """How often tipsters disputed that one of this desk's tips was closed; each dispute counts."""
    disputed_by_desk: dict[str, int]
    """Tips whose closing is or was disputed, counted by the desk that finished the tip last."""
    status: dict[str, int]
    category: dict[str, int]
    priority: dict[str, int]
    outcome: dict[str, int]
    district: dict[str, int]
    station: dict[str, int]
    age: dict[str, int]
    """Unfinished tips by age in days, in the bands of `AGES`."""


def figures_of(rows: Sequence[Row]) -> Figures:
    """Count the rows of a desk's queue."""
    disputed = [row.summary.work for row in rows if row.summary.work.disputes]
    return Figures(
        tips=len(rows),
        open=sum(not row.summary.finished for row in rows),
        overdue=sum(row.overdue for row in rows),
        reports_owed=sum(
            one.is_open for row in rows if not row.summary.finished for one in row.summary.work.directions.values()
        ),
        closings_asked=sum(bool(row.summary.work.awaits_closing_from()) for row in rows),
        disputed_closings=sum(work.disputes for work in disputed),
        disputed_by_desk=_count(disputed, lambda work: work.finished_by),
        status=_count(rows, lambda row: row.summary.status),
        category=_count(rows, lambda row: row.summary.header.category),
        priority=_count(rows, lambda row: row.summary.header.priority),
        outcome=_count(rows, lambda row: row.summary.work.outcome),
        district=_count(rows, lambda row: row.summary.header.district),
        station=_count(rows, lambda row: row.summary.header.station),
        age=_ages([row.days for row in rows if not row.summary.finished]),
    )


def pendency(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, tuple[int, int, int]]:
    """Count, for each value of a key, the tips that came, and how many of these are unfinished, and overdue."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {
        value: (len(its), sum(not row.summary.finished for row in its), sum(row.overdue for row in its))
        for value, its in sorted(groups.items())
    }


def _ages(days: Sequence[int]) -> dict[str, int]:
    """Count days by the bands of `AGES`, in their order."""
    counted = Counter(next((name for most, name in AGES if one <= most), OLDER) for one in days)
    return {name: counted[name] for name in (*(name for _, name in AGES), OLDER) if counted[name]}


def _count(values: Iterable[T], key: Callable[[T], str]) -> dict[str, int]:
    counted = Counter(key(value) for value in values)
    return {name: number for name, number in counted.most_common() if name}


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long one step took."""

    tips: int
    """Tips that took the step."""
    median: float
    """Median in hours, counted from the end of the six-hour band in which the tip came."""
    longest: float
    """Hours."""


def paces_of(services: Services, casework: Casework) -> dict[PaceStep, Pace]:
    """Return how long each step took. Steps that nobody took are left out."""
    cache, since = casework.cache, time.time() - DAYS * _DAY
    with cache.lock:
        cache.refresh()
        recent = {
            tip: one
            for tip, one in ((tip, one.listed) for tip, one in cache.tips.items())
            if band_end(one.envelope.header.received) >= since and casework.may_read(one.summary.work)
        }
    threads = {tip: one.thread for tip, one in recent.items()}
    came = {tip: one.envelope.arrived or band_end(one.envelope.header.received) for tip, one in recent.items()}
    envelopes = {tip: one.envelope for tip, one in recent.items()}
    looks = services.read(lambda c: first_looks(c, casework.desk, envelopes))
    return steps_of(came, looks, threads)


def steps_of(
    came: Mapping[str, float], looks: Mapping[str, int], threads: Mapping[str, Sequence[PostedMessage]]
) -> dict[PaceStep, Pace]:
    """Return how long each step took.

    The input is when tips came, when the desk first looked, and the tips' threads.
    """
    hours: dict[PaceStep, list[float]] = {step: [] for step in STEPS}
    for tip, moment in came.items():
        if tip in looks:
            hours["look"].append(_hours(moment, looks[tip]))
        directed = _directions(threads[tip])
        if directed:
            hours["direction"].append(_hours(moment, min(directed.values())))
        hours["report"] += _until_reports(directed, threads[tip])
    return {step: _pace(found) for step, found in hours.items() if found}


def _directions(thread: Iterable[PostedMessage]) -> dict[str, int]:
    """Return when each desk was first directed."""
    found: dict[str, int] = {}
    for posted in thread:
        if posted.message.case and posted.message.case.kind == "directed" and posted.at:
            found.setdefault(posted.message.case.to, posted.at)
    return found


def _until_reports(directed: Mapping[str, int], thread: Iterable[PostedMessage]) -> list[float]:
    """Return how long each directed desk took until its first report."""
    waiting, hours = dict(directed), []
    for posted in thread:
        case, desk = posted.message.case, posted.message.desk
        if case and case.kind in {"reported", "asked_to_close"} and desk in waiting and posted.at:
            hours.append(_hours(waiting.pop(desk), posted.at))
    return hours


def _hours(start: float, end: float) -> float:
    return max(0.0, end - start) / _HOUR


def _pace(hours: Sequence[float]) -> Pace:
    return Pace(tips=len(hours), median=round(median(hours), 1), longest=round(max(hours), 1))
