"""Time buckets: no time that is stored or shown about a tip is finer than a six-hour band."""

from datetime import UTC, datetime

BAND_HOURS = 6


def band(now: int) -> str:
    """Return the date and six-hour band of a Unix time, as an ISO 8601 interval: `2026-11-24T12/PT6H`."""
    return f"{datetime.fromtimestamp(band_start(now), UTC):%Y-%m-%dT%H}/PT{BAND_HOURS}H"


def band_start(now: int) -> int:
    """Return the beginning of the six-hour band of a moment; both are Unix times."""
    return now - now % (BAND_HOURS * 3600)


def band_end(now: int) -> int:
    """Return the end of the six-hour band of a moment; both are Unix times."""
    return band_start(now) + BAND_HOURS * 3600
