"""The clock of the notices: they leave at set times, be there tips or not, so that none tells of a tip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

CATCH_UP = 3600
"""Seconds after its time in which a notice is still sent. A machine that was off for longer leaves one out."""
OCCASION = "clock"


def offset(text: str) -> timedelta:
    """Read a distance from UTC, such as `+05:30`."""
    hours, minutes = int(text[1:3]), int(text[4:6])
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def due(now: int, times: Sequence[str], utc_offset: str, every: int = 0) -> Iterator[str]:
    """Name the occasions whose time has come: `clock:<Unix seconds>`, the same for every process and at every look.

    `every`: minutes from one to the next, in place of `times`.
    """
    if every:
        yield f"{OCCASION}:{now - now % (every * 60)}"
        return
    away = offset(utc_offset)
    local = datetime.fromtimestamp(now, UTC) + away
    for day in (local - timedelta(days=1), local):
        for time in times:
            moment = day.replace(hour=int(time[:2]), minute=int(time[3:]), second=0) - away
            if 0 <= now - moment.timestamp() < CATCH_UP:
                yield f"{OCCASION}:{int(moment.timestamp())}"


def moment_of(occasion: str) -> int:
    """Give the time of an occasion, Unix seconds."""
    return int(occasion.partition(":")[2])
