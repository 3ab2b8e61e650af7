"""Seals a stream while it arrives: the event loop passes blocks to a thread, which encrypts them to the disk.

Only a few blocks may wait for the thread, so that the sender sends no faster than the disk writes. The kernel copies
nothing in between.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import BinaryIO, Final, cast

from satark.store import sealed_files
from satark.store.sealed_files import SealedPart, StoredForm

_WAITING: Final = 4
"""Most blocks that wait for the thread."""
_BLOCK: Final = 1 << 18
"""Smallest size of a block in bytes, except the last one. Smaller chunks of the stream are gathered."""


class TooLarge(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """The file has more bytes than one file may have. Nothing of it was stored."""


async def seal_stream(
    stream: AsyncIterator[bytes], target: StoredForm, recipient: str, most: int, copy: BinaryIO
) -> SealedPart:
    """Seal a stream as `target`, and write its plain bytes to `copy`.

    Raises:
        TooLarge: the stream has more than `most` bytes.
        OSError: the disk failed, or `stream` raised it.
    """
    blocks = BlockQueue()
    sealing = asyncio.create_task(asyncio.to_thread(_seal_from, blocks, target, recipient, copy))
    try:
        count = await _feed(stream, blocks, most)
        part = await asyncio.shield(sealing)
    except BaseException:
        # The thread ends now that its stream is broken off. On failure it has removed its part itself.
        blocks.break_off()
        await asyncio.wait([sealing])
        if sealing.exception() is None:
            sealing.result().discard()
        raise
    part.expect(count)
    return part


async def _feed(stream: AsyncIterator[bytes], blocks: BlockQueue, most: int) -> int:
    """Queue the stream's blocks and count its bytes. If the thread has failed, stop: its task raises the error."""
    count, block = 0, bytearray()
    with suppress(BrokenOff):
        async for chunk in stream:
            count += len(chunk)
            if count > most:
                raise TooLarge
            block += chunk
            if len(block) >= _BLOCK:
                await blocks.put(bytes(block))
                block.clear()
        for last in (block, b"") if block else (b"",):
            await blocks.put(bytes(last))
    return count


def _seal_from(blocks: BlockQueue, target: StoredForm, recipient: str, copy: BinaryIO) -> SealedPart:
    try:
        part = sealed_files.seal_file(cast("BinaryIO", blocks), target, recipient, copy, with_md5=True)
    finally:
        blocks.abandon()
    if part.copied:
        copy.flush()
    return part


class BrokenOff(OSError):  # noqa: N818 - it reads as what it says
    """The other side of the queue stopped early."""


class BlockQueue:
    """Blocks that the event loop passes to a thread. The thread calls `read` and `abandon`, the loop the rest."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(_WAITING)
        self._blocks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._rest = memoryview(b"")
        self._abandoned = False

    async def put(self, block: bytes) -> None:
        """Queue a block once there is room for it; an empty block marks the end.

        Raises:
            BrokenOff: the thread reads no more.
        """
        await self._room.acquire()
        if self._abandoned:
            raise BrokenOff
        self._blocks.put(block)

    def break_off(self) -> None:
        """Make the thread's `read` raise, because the stream ended too early."""
        self._blocks.put(None)

    def read(self, size: int) -> bytes:
        """Wait for bytes and return at most `size` of them; return none at the end.

        Raises:
            BrokenOff: the stream was broken off.
        """
        if not self._rest:
            block = self._blocks.get()
            if block is None:
                raise BrokenOff
            if not block:
                self._blocks.put(block)  # the next call returns the end too
            self._rest = memoryview(block)
            self._loop.call_soon_threadsafe(self._room.release)
        found, self._rest = self._rest[:size], self._rest[size:]
        return bytes(found)

    def abandon(self) -> None:
        """Tell the event loop that the thread reads no more."""
        self._abandoned = True
        self._loop.call_soon_threadsafe(self._room.release)
