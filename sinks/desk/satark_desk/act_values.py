"""Values of officers' acts as they are typed, on the web and on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

MAX_TRANSCRIPT: Final = 5000
"""Characters of a transcript, at most: some ten minutes of speech."""


def parse_due(text: str, utc_offset_hours: float) -> int | None:
    """Parse the time at which a report is due, `YYYY-MM-DDThh:mm` in the officers' time zone.

    Returns:
        Unix seconds; 0 for an empty text; None if it is no time.
    """
    if not text:
        return 0
    try:
        moment = datetime.strptime(text.replace(" ", "T"), "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int((moment - timedelta(hours=utc_offset_hours)).timestamp())


def write_due(due: int, utc_offset_hours: float) -> str:
    """Write a time as `parse_due` reads it."""
    moment = datetime.fromtimestamp(due, UTC) + timedelta(hours=utc_offset_hours)
    return f"{moment:%Y-%m-%dT%H:%M}"
