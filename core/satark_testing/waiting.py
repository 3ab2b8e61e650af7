"""How tests wait: until a condition holds, with the same time limit for all, and never for a fixed time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, overload

T = TypeVar("T")

LIMIT_SECONDS: Final = 100
"""Seconds after which a test that waits for something fails.

Conditions of tests take less than ten seconds on an idle machine, and most less than one. Ten times as much leaves room
for a busy machine. A test that passes never waits so long, so a higher limit makes none slower.
"""


def limit() -> asyncio.Timeout:
    """Return a context that raises `TimeoutError` if its block takes longer than `LIMIT_SECONDS`."""
    return asyncio.timeout(LIMIT_SECONDS)


@overload
async def until(condition: Callable[[], Awaitable[T]], *, every: float = ...) -> T: ...
@overload
async def until(condition: Callable[[], T], *, every: float = ...) -> T: ...
async def until(condition: Callable[[], Any], *, every: float = 0.005) -> Any:
    """Call a condition, which may be asynchronous, every `every` seconds until it is true; return its value.

    Raises:
        TimeoutError: the condition is not true within `LIMIT_SECONDS`.
    """
    async with limit():
        while True:
            value = condition()
            if inspect.isawaitable(value):
                value = await value
            if value:
                return value
            await asyncio.sleep(every)
