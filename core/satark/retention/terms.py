"""Terms: how many days a tip is kept after a given day, by its status and category."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from satark.api.tip import FINISHED_STATUSES, Status

if TYPE_CHECKING:
    from satark.settings.core import RetentionSettings

_DAY = 86_400


def term_days(settings: RetentionSettings, status: Status, category: str) -> int:
    """Return for how many days a tip is kept after the day on which it got its status."""
    if status not in FINISHED_STATUSES:
        return settings.unfinished_days
    days: int = getattr(settings, f"{status.lower()}_days")
    return max(days, settings.category_days.get(category, 0))


def due_day(settings: RetentionSettings, status: Status, category: str, band: str) -> int:
    """Return the day (days since 1970, UTC) on which a tip is due, given the time band in which it got its status."""
    return day_of(band) + term_days(settings, status, category)


def day_of(band: str) -> int:
    """Return the day (days since 1970, UTC) of a time band."""
    start = datetime.strptime(band.partition("/")[0], "%Y-%m-%dT%H").replace(tzinfo=UTC)
    return int(start.timestamp()) // _DAY
