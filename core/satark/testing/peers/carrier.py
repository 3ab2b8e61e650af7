"""A carrier in memory, for tests: two lists, which a test may double, shuffle, cut and forge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from satark.carrier import NotCarried, Take


class ListLine:
    """What was sent to the offices, by desk, and what they sent; nobody takes any of it by itself."""

    def __init__(self) -> None:
        self.down: list[tuple[str, bytes]] = []
        self.up: list[bytes] = []
        self.room = -1
        """Messages that it still takes; -1: any number."""

    async def publish(self, desk: str, message: bytes) -> None:
        """Keep a message for a desk."""
        self._take_in()
        self.down.append((desk, message))

    async def answer(self, message: bytes) -> None:
        """Keep a message for the host."""
        self._take_in()
        self.up.append(message)

    async def consume(self, desk: str, take: Take) -> None:
        """Give a desk what is there for it."""
        kept, self.down = self.down, []
        for name, message in kept:
            if name == desk:
                await take(message)
            else:
                self.down.append((name, message))

    async def consume_answers(self, take: Take) -> None:
        """Give the host what is there for it."""
        kept, self.up = self.up, []
        for message in kept:
            await take(message)

    def _take_in(self) -> None:
        if self.room == 0:
            raise NotCarried("planted")
        self.room -= 1


class ListCarrier:
    """A carrier whose every line is the same one."""

    schemes = ("list",)

    def __init__(self) -> None:
        self.only = ListLine()

    def check(self, url: str) -> None:
        """Every URL is good."""

    @asynccontextmanager
    async def line(self, url: str) -> AsyncIterator[ListLine]:
        """Give the line."""
        yield self.only
