"""How long to wait before trying again."""

from __future__ import annotations

import asyncio
import random


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
