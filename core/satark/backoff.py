"""How long to wait before trying again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from satark.carrier import NotCarried
from satark.observability import describe_error, log

RESTART_SECONDS = 1.0
"""Seconds after which work that broke off begins again."""
STEADY_SECONDS = 60.0
"""Seconds that work must have gone on for, so that its breaking off is something new."""


def backoff(attempt: int, *, longest: float) -> float:
    """Give the seconds to wait after so many attempts: 2, 4, 8, … up to `longest`.

    With jitter of a quarter, so that a provider that comes back is not met by everything at once.
    """
    return min(longest, 2.0 ** min(attempt, 30)) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret hangs on it


async def wait_for(event: asyncio.Event, *, seconds: float) -> None:
    """Wait for an event, but no longer than this."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do a piece of endless work until cancelled; where it breaks off, log that and begin again.

    One broken part must not stop the others: an intake whose deliveries fail still takes tips. What breaks off time and
    again, since a broker is down for a day, is logged the first time, the second, the fourth, the eighth …
    """
    broken = 0
    while True:
        began = time.monotonic()
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - see above
            broken = 1 if time.monotonic() - began > STEADY_SECONDS else broken + 1
            if broken.bit_count() == 1:
                log.error(
                    "work broke off, beginning again",
                    role=name,
                    attempt=broken,
                    **describe_error(error),
                    **_code(error),
                )
        await asyncio.sleep(RESTART_SECONDS)


def _code(error: Exception) -> dict[str, str]:
    """What a carrier says of itself, which is fit for operators."""
    return {"code": str(error)} if isinstance(error, NotCarried) else {}
