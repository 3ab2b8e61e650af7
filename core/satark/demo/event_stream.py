"""Tells every open simulator page what happens, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

_WAITING = 1000
"""Most events that may wait for one page; a slower page is let go, and comes back by itself for the present state."""

_PULSE_SECONDS = 15
"""After so long without an event a comment is sent, so that a page that went away is noticed."""


class Feed:
    """Events to whoever listens. For one event loop."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._closed = False

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def publish(self, event: dict[str, Any]) -> None:
        """Tell everybody."""
        line = _encode(event)
        for listener in list(self._listeners):
            if listener.full():
                self._listeners.discard(listener)
                listener.get_nowait()
                listener.put_nowait(None)
            else:
                listener.put_nowait(line)

    async def listen(self, first: dict[str, Any]) -> AsyncIterator[bytes]:
        """Give `first` and then every event, as lines of `text/event-stream`, until the feed is closed."""
        mine: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)
        self._listeners.add(mine)
        try:
            yield _encode(first)
            while not self._closed:
                line = await _next(mine)
                if line is None:
                    return
                yield line
        finally:
            self._listeners.discard(mine)

    def close(self) -> None:
        """End all listening, so that the server can stop."""
        self._closed = True
        for listener in self._listeners:
            if not listener.full():
                listener.put_nowait(None)


async def _next(queue: asyncio.Queue[bytes | None]) -> bytes | None:
    try:
        async with asyncio.timeout(_PULSE_SECONDS):
            return await queue.get()
    except TimeoutError:
        return b": still here\n\n"


def _encode(event: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(event) + b"\n\n"
