"""Hands what arrives in the event loop over to a thread, which reads it like a file.

A few blocks wait in between: the sender is slowed down to the disk, and nothing is copied through the kernel.
"""

from __future__ import annotations

import asyncio
import queue
from typing import Final

_AHEAD: Final = 4
"""Most blocks that wait."""


class BrokenOff(OSError):  # noqa: N818 - it reads as what it says
    """The other side stopped before the end."""


class Handover:
    """A stream of blocks, made in the event loop. `read` and `abandon` belong to the thread, the rest to the loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(_AHEAD)
        self._blocks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._rest = memoryview(b"")
        self._abandoned = False

    async def put(self, block: bytes) -> None:
        """Hand a block over, once there is room for it; an empty one is the end.

        Raises:
            BrokenOff: nobody reads any more.
        """
        await self._room.acquire()
        if self._abandoned:
            raise BrokenOff
        self._blocks.put(block)

    def break_off(self) -> None:
        """Make the reader fail: there will be no end."""
        self._blocks.put(None)

    def read(self, size: int) -> bytes:
        """Return up to so many bytes, once there are any; none at the end.

        Raises:
            BrokenOff: the stream ended before its end.
        """
        if not self._rest:
            block = self._blocks.get()
            if block is None:
                raise BrokenOff
            if not block:
                self._blocks.put(block)  # who asks again is told again
            self._rest = memoryview(block)
            self._loop.call_soon_threadsafe(self._room.release)
        found, self._rest = self._rest[:size], self._rest[size:]
        return bytes(found)

    def abandon(self) -> None:
        """Say that nothing will be read any more."""
        self._abandoned = True
        self._loop.call_soon_threadsafe(self._room.release)
