"""Paces of a desk: hours from a tip to the first look, to a direction, and from there to the report."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from satark.casework import band_end, with_officer
from satark_desk.read_state import first_looks

if TYPE_CHECKING:
    from satark.casework import Casework, PostedMessage, Services

DAYS: Final = 28
"""Only tips of so many days count, so that the figures tell of the work today."""
_DAY: Final = 86400
_HOUR: Final = 3600
Step: TypeAlias = Literal["look", "direction", "report"]
STEPS: Final[tuple[Step, ...]] = ("look", "direction", "report")


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long one step took."""

    tips: int
    """How many tips took it."""
    median: float
    """Hours; half of the tips took it sooner. Counted from the end of the six-hour band in which the tip came."""
    longest: float
    """Hours."""


def paces_of(services: Services, casework: Casework) -> dict[Step, Pace]:
    """Return how long each step took, of those that were taken."""
    cache, since = casework.cache, time.time() - DAYS * _DAY
    with cache.lock:
        cache.refresh()
        recent = {
            tip: one
            for tip, one in cache.tips.items()
            if band_end(one.envelope.header.received) >= since and casework.may_read(one.summary(tip).work)
        }
        threads = {
            tip: [with_officer(posted, one.envelope.identity) for posted in one.thread] for tip, one in recent.items()
        }
        came = {tip: band_end(one.envelope.header.received) for tip, one in recent.items()}
    looks = services.read(lambda c: first_looks(c, casework.desk, recent))
    return steps_of(came, looks, threads)


def steps_of(
    came: Mapping[str, float], looks: Mapping[str, int], threads: Mapping[str, Sequence[PostedMessage]]
) -> dict[Step, Pace]:
    """Return how long each step took, by when tips came, when the desk first looked, and their threads."""
    hours: dict[Step, list[float]] = {step: [] for step in STEPS}
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
    """Return how long each directed desk took for its first report."""
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
