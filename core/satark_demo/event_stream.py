"""Sends events to every open simulator page, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

_QUEUE_SIZE = 1000
"""Maximum number of events that wait for one page. A slower page is disconnected; it reconnects and gets the current
state."""

_KEEPALIVE_SECONDS = 15
"""After so many seconds without an event, a comment is sent, so that a closed page is detected."""


class EventStream:
    """Distributes events to its listeners. Use it on one event loop only."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._closed = False

    @property
    def has_listeners(self) -> bool:
        """Whether any page is open."""
        return bool(self._listeners)

    def publish(self, event: dict[str, Any]) -> None:
        """Send an event to every listener."""
        encoded = _encode(event)
        for listener in list(self._listeners):
            if listener.full():
                self._listeners.discard(listener)
                listener.get_nowait()
                listener.put_nowait(None)
            else:
                listener.put_nowait(encoded)

    async def listen(self, first: dict[str, Any]) -> AsyncIterator[bytes]:
        """Yield `first` and then every event, encoded as `text/event-stream`, until the stream is closed."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE_SIZE)
        self._listeners.add(queue)
        try:
            yield _encode(first)
            while not self._closed:
                encoded = await _next(queue)
                if encoded is None:
                    return
                yield encoded
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """Disconnect every listener, so that the server can stop."""
        self._closed = True
        for listener in self._listeners:
            if not listener.full():
                listener.put_nowait(None)


async def _next(queue: asyncio.Queue[bytes | None]) -> bytes | None:
    try:
        async with asyncio.timeout(_KEEPALIVE_SECONDS):
            return await queue.get()
    except TimeoutError:
        return b": keep-alive\n\n"


def _encode(event: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(event) + b"\n\n"
