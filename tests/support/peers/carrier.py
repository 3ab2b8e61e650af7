"""An in-memory carrier: two lists, whose messages a test may repeat, reorder, drop and forge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from satark.api.sink import CarrierError


class InMemoryConnection:
    """Holds published messages until they are consumed. Messages are consumed only on request."""

    def __init__(self) -> None:
        self.to_offices: list[tuple[str, bytes]] = []
        """Messages published by the host: desk, message."""
        self.to_host: list[bytes] = []
        """Messages published by the offices."""
        self.capacity = -1
        """Number of messages that the connection accepts before it fails; -1: any number."""

    async def publish(self, desk: str, message: bytes) -> None:
        """Append a message to a desk's queue."""
        self._count()
        self.to_offices.append((desk, message))

    async def publish_answer(self, message: bytes) -> None:
        """Append a message to the host's queue."""
        self._count()
        self.to_host.append(message)

    async def consume(self, desk: str, handler: Callable[[bytes], Awaitable[None]]) -> None:
        """Pass the messages of a desk's queue to the handler; return when there are no more."""
        queued, self.to_offices = self.to_offices, []
        for name, message in queued:
            if name == desk:
                await handler(message)
            else:
                self.to_offices.append((name, message))

    async def consume_answers(self, handler: Callable[[bytes], Awaitable[None]]) -> None:
        """Pass the messages of the host's queue to the handler; return when there are no more."""
        queued, self.to_host = self.to_host, []
        for message in queued:
            await handler(message)

    def _count(self) -> None:
        if self.capacity == 0:
            raise CarrierError("planted")
        self.capacity -= 1


class InMemoryCarrier:
    """A carrier that has one connection for everybody."""

    schemes = ("list",)

    def __init__(self) -> None:
        self.connection = InMemoryConnection()

    def check(self, url: str) -> None:
        """Accept every URL."""

    @asynccontextmanager
    async def connect(self, url: str) -> AsyncIterator[InMemoryConnection]:
        """Return the connection."""
        yield self.connection
