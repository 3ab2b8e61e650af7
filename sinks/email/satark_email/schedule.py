"""Notification schedule: notifications are sent at fixed times, with tips or without, so that none reveals a tip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

GRACE_SECONDS = 3600
"""Seconds after its time in which a notification is still sent. A machine that was off for longer skips it."""
KIND = "notification"
"""The kind of these deliveries: `satark.api.Delivery.kind`."""


def parse_utc_offset(text: str) -> timedelta:
    """Parse an offset from UTC, such as `+05:30`."""
    hours, minutes = int(text[1:3]), int(text[4:6])
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def due_notifications(now: int, times: Sequence[str], utc_offset: str, every: int = 0) -> Iterator[str]:
    """Yield the ids of the notifications that are due at a Unix time.

    An id is `notification:<Unix seconds>`, the same in every process and at every call.

    Args:
        now: Unix seconds.
        times: times of day, such as `09:00`.
        utc_offset: of those times, such as `+05:30`.
        every: minutes between two notifications, instead of `times`.
    """
    if every:
        yield f"{KIND}:{now - now % (every * 60)}"
        return
    offset = parse_utc_offset(utc_offset)
    local = datetime.fromtimestamp(now, UTC) + offset
    for day in (local - timedelta(days=1), local):
        for time in times:
            moment = day.replace(hour=int(time[:2]), minute=int(time[3:]), second=0) - offset
            if 0 <= now - moment.timestamp() < GRACE_SECONDS:
                yield f"{KIND}:{int(moment.timestamp())}"


def time_of(notification_id: str) -> int:
    """Return the scheduled time of a notification, in Unix seconds."""
    return int(notification_id.partition(":")[2])
