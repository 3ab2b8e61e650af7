"""Figures of a desk: its tips counted by status, category, priority and outcome, and what is owed and disputed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

if TYPE_CHECKING:
    from satark_desk.tip_queue import Row

T = TypeVar("T")

AGES: Final = ((1, "d1"), (3, "d3"), (7, "d7"), (30, "d30"))
"""Days up to which a tip counts in a band of ages, and the band's name."""
OLDER: Final = "older"
"""The band of all older tips."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts for the desk's own officers: not for publication, since small counts may point to a tipster."""

    tips: int
    open: int
    overdue: int
    reports_owed: int
    closings_asked: int
    disputed_closings: int
    """Closings that tipsters disputed, each as often as they did, by the tips that this desk has."""
    disputed_by_desk: dict[str, int]
    """Tips whose closing is disputed or was, by the desk that finished them last."""
    status: dict[str, int]
    category: dict[str, int]
    priority: dict[str, int]
    outcome: dict[str, int]
    district: dict[str, int]
    station: dict[str, int]
    age: dict[str, int]
    """Unfinished tips by their days, in the bands of `AGES`."""


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


def _ages(days: Sequence[int]) -> dict[str, int]:
    """Count days by the bands of `AGES`, in their order."""
    counted = Counter(next((name for most, name in AGES if one <= most), OLDER) for one in days)
    return {name: counted[name] for name in (*(name for _, name in AGES), OLDER) if counted[name]}


def _count(values: Iterable[T], key: Callable[[T], str]) -> dict[str, int]:
    counted = Counter(key(value) for value in values)
    return {name: number for name, number in counted.most_common() if name}
