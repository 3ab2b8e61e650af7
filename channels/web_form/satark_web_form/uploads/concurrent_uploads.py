"""Slots of uploads under way. If all are held, a new upload takes the slot of the upload that makes the least progress.

Nobody is counted by address. What counts is how long a slot has been held, how many bytes came through it, and how
many slots the same draft holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from satark_web_form.uploads.upload_problems import UploadRefused


class UploadSlots:
    """The slots of one process. After `turn_seconds` an upload can lose its slot; the bytes that came stay stored."""

    def __init__(
        self, at_once: int, turn_seconds: float, wait_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make the slots.

        Args:
            at_once: the number of slots.
            turn_seconds: how long an upload keeps its slot at least.
            wait_seconds: how long an upload waits for a slot before it is refused as `busy`.
            clock: returns the time, in seconds.
        """
        self._at_once = at_once
        self._turn = turn_seconds
        self._longest_wait = wait_seconds
        self._clock = clock
        self._held: set[Slot] = set()
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def hold(self, draft: str) -> AsyncIterator[Slot]:
        """Hold a slot for an upload of a draft. If all slots are held, the upload waits for its turn.

        Raises:
            UploadRefused: `busy`: no slot was freed in time.
        """
        slot = Slot(draft, self._clock)
        await self._enter(slot)
        try:
            yield slot
        finally:
            self._held.discard(slot)
            async with self._freed:
                self._freed.notify_all()

    async def _enter(self, slot: Slot) -> None:
        latest = self._clock() + self._longest_wait
        async with self._freed:
            while len(self._held) >= self._at_once:
                if self._clock() >= latest:
                    raise UploadRefused("busy")
                self._take_one_away()
                await self._wait(self._turn / 4)
            slot.begin()
            self._held.add(slot)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._freed.wait()
        except TimeoutError:
            return

    def _take_one_away(self) -> None:
        """Take the slot of the upload with the least progress, unless a slot is being taken or all have just begun."""
        if any(slot.is_taken_away for slot in self._held):
            return
        of_draft = {slot.draft: 0 for slot in self._held}
        for slot in self._held:
            of_draft[slot.draft] += 1
        now = self._clock()
        old = [slot for slot in self._held if now - slot.since >= self._turn]
        if old:
            min(old, key=lambda slot: (-of_draft[slot.draft], slot.rate(now))).take_away()


class Slot:
    """One slot, held by one upload."""

    def __init__(self, draft: str, clock: Callable[[], float]) -> None:
        self.draft: Final = draft
        self.since = clock()
        self.is_taken_away = False
        self._clock = clock
        self._bytes = 0
        self._time = asyncio.timeout(None)
        self._waits = False

    def begin(self) -> None:
        """Begin to count the time that the slot is held."""
        self.since = self._clock()

    def rate(self, now: float) -> float:
        """Bytes received per second."""
        return self._bytes / max(now - self.since, 0.001)

    def take_away(self) -> None:
        """Take the slot away: its upload gets no further byte."""
        self.is_taken_away = True
        if self._waits:
            self._time.reschedule(asyncio.get_running_loop().time())

    async def watch(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield a stream's chunks while the slot is held.

        Raises:
            UploadRefused: `busy`: the slot was taken away.
        """
        while (chunk := await self._next(stream)) is not None:
            self._bytes += len(chunk)
            yield chunk

    async def _next(self, stream: AsyncIterator[bytes]) -> bytes | None:
        if self.is_taken_away:
            raise UploadRefused("busy")
        self._time = asyncio.timeout(None)
        try:
            async with self._time:
                self._waits = True
                return await anext(stream, None)
        except TimeoutError:
            raise UploadRefused("busy") from None
        finally:
            self._waits = False
