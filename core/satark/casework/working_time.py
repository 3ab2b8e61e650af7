"""Working time: the days and hours of the week in which desks work, and counting by them. No I/O."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import msgspec

_HOUR, _DAY = 3600, 86_400
_EPOCH = date(1970, 1, 1)
SUNDAY = 6
"""The last of the days of the week; Monday is 0."""


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

    def after(self, start: float, hours: float) -> float:
        """Return the moment at which `hours` working hours (above 0) have passed since `start`, in Unix seconds."""
        return _after(self, start, hours)

    def days_until(self, start: date, days: int) -> int:
        """Return the largest number of calendar days after `start` in which at most `days` working days pass."""
        return _days_until(self, start, days)


@lru_cache(maxsize=4096)
def _after(time: WorkingTime, start: float, hours: float) -> float:
    left, days = hours * _HOUR, _worked_from(time, time.day_of(start))
    while True:
        midnight = (next(days) - _EPOCH).days * _DAY - time.utc_offset_hours * _HOUR
        begin, end = max(start, midnight + time.begins), midnight + time.ends
        if left <= end - begin:
            return begin + left
        left -= max(0, end - begin)


@lru_cache(maxsize=4096)
def _days_until(time: WorkingTime, start: date, days: int) -> int:
    worked = _worked_from(time, start + timedelta(days=1))
    for _ in range(days):
        next(worked)
    return (next(worked) - start).days - 1


def _worked_from(time: WorkingTime, day: date) -> Iterator[date]:
    while True:
        if time.is_worked(day):
            yield day
        day += timedelta(days=1)
