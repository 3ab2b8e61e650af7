"""Paces of a desk's work: the hours that each step of a tip takes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from satark.casework import PostedMessage

_HOUR: Final = 3600
PaceStep: TypeAlias = Literal["look", "direction", "report"]
STEPS: Final[tuple[PaceStep, ...]] = get_args(PaceStep)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The duration of one step."""

    tips: int
    """Number of tips that took the step."""
    median: float
    """Median in hours, counted from the end of the six-hour band in which the tip came."""
    longest: float
    """Longest duration in hours."""


def waits_of(moment: float, thread: Sequence[PostedMessage]) -> tuple[tuple[PaceStep, float], ...]:
    """Return the hours until a tip that came at a moment was first directed, and until each desk's first report."""
    directed = _directions(thread)
    if not directed:
        return ()
    return ("direction", hours(moment, min(directed.values()))), *_until_reports(directed, thread)


def paces_of(waits: Iterable[tuple[PaceStep, float]]) -> dict[PaceStep, Pace]:
    """Return the duration of each step. Steps that nobody took are left out."""
    found: dict[PaceStep, list[float]] = {step: [] for step in STEPS}
    for step, wait in waits:
        found[step].append(wait)
    return {
        step: Pace(tips=len(took), median=round(median(took), 1), longest=round(max(took), 1))
        for step, took in found.items()
        if took
    }


def _directions(thread: Iterable[PostedMessage]) -> dict[str, int]:
    """Return when each desk was first directed."""
    found: dict[str, int] = {}
    for posted in thread:
        if posted.message.case and posted.message.case.kind == "directed" and posted.at:
            found.setdefault(posted.message.case.to, posted.at)
    return found


def _until_reports(directed: Mapping[str, int], thread: Iterable[PostedMessage]) -> Iterator[tuple[PaceStep, float]]:
    """Yield the hours that each directed desk took until its first report."""
    waiting = dict(directed)
    for posted in thread:
        case, desk = posted.message.case, posted.message.desk
        if case and case.kind in {"reported", "asked_to_close"} and desk in waiting and posted.at:
            yield "report", hours(waiting.pop(desk), posted.at)


def hours(start: float, end: float) -> float:
    """Return the hours between two moments; none if the second is not later."""
    return max(0.0, end - start) / _HOUR
