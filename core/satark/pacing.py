"""How long to wait before trying again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from satark.observability import log, told

RESTART_SECONDS = 1.0
"""Seconds after which work that broke off begins again."""


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

    One broken part must not stop the others: an intake whose deliveries fail still takes tips.
    """
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - see above
            log.error("work broke off, beginning again", role=name, **told(error))
        await asyncio.sleep(RESTART_SECONDS)
