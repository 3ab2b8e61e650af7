"""Times and numbers as officers may see them: never finer than a six-hour band, never in order."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

BAND_HOURS = 6


def band(now: int) -> str:
    """Give the date and six-hour band of a moment (Unix seconds), as an ISO 8601 interval: `2026-11-24T12/PT6H`."""
    return _band(now - now % (BAND_HOURS * 3600))


@lru_cache(maxsize=4)
def _band(start: int) -> str:
    return f"{datetime.fromtimestamp(start, UTC):%Y-%m-%dT%H}/PT{BAND_HOURS}H"
