"""Work that waits: retry delays, answers read whole, tasks restarted when they fail, and blocking work in threads."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from satark.api.observability import OperatorError, describe_error, log

if TYPE_CHECKING:
    from aiohttp import StreamReader

P = ParamSpec("P")
T = TypeVar("T")

RESTART_SECONDS = 1.0
"""Seconds after which a failed background task is restarted."""
STEADY_SECONDS = 60.0
"""Seconds that a task must have run for its failure to count as a new one."""


def backoff(attempt: int, *, longest: float) -> float:
    """Return the seconds to wait after `attempt` failed attempts: 2, 4, 8, … up to `longest`.

    A random jitter of ±25 % is applied last, so that clients of a provider that recovers do not all retry at the same
    moment.
    """
    return min(longest, 2.0 ** min(attempt, 30)) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret hangs on it


async def read_answer(content: StreamReader, most: int) -> bytes:
    """Return a provider's answer, at most so many bytes: `content.read(most)` returns what has come by now."""
    try:
        return await content.readexactly(most)
    except asyncio.IncompleteReadError as error:
        return error.partial


async def wait_for(event: asyncio.Event, *, seconds: float) -> None:
    """Wait until an event is set, for at most `seconds`; return in either case."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def keep_running(
    name: str, work: Callable[[], Awaitable[None]], on_failure: Callable[[str, int], None] | None = None
) -> None:
    """Run an endless background task until cancelled; when it fails, log that and restart it.

    `on_failure` is called with the name and the number of failures in a row.

    One failing task does not stop the others: a host whose deliveries fail still ingests tips. If a task keeps failing,
    for example because a broker is down for a day, only failures 1, 2, 4, 8, … in a row are logged.
    """
    broken = 0
    while True:
        began = time.monotonic()
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - see above
            broken = 1 if time.monotonic() - began > STEADY_SECONDS else broken + 1
            if on_failure is not None:
                on_failure(name, broken)
            if broken.bit_count() == 1:
                log.error(
                    "background task failed, restarting",
                    role=name,
                    attempt=broken,
                    **describe_error(error),
                    **_code(error),
                )
        await asyncio.sleep(RESTART_SECONDS)


def _code(error: Exception) -> dict[str, str]:
    return {"code": str(error)} if isinstance(error, OperatorError) else {}


async def run_in_thread(work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run blocking work in a thread, like `asyncio.to_thread`, but never return before the work has ended.

    A thread can't be cancelled. If the caller is cancelled, this waits until the work has ended and then raises
    `CancelledError`, so that the caller can safely close what the work uses, such as a database connection.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments, **options))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
