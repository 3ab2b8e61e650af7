"""A stream arrives in the event loop and is read in a thread: in order, to its end, and no faster than the reader."""

import asyncio

import pytest

from satark.evidence.stream_sealing import _WAITING, BlockQueue, BrokenOff


async def test_blocks_are_read_in_pieces_and_the_end_is_returned_again() -> None:
    blocks = BlockQueue()
    for block in (b"one two", b"three", b""):
        await blocks.put(block)
    read = await asyncio.to_thread(lambda: [blocks.read(5) for _ in range(5)])
    assert read == [b"one t", b"wo", b"three", b"", b""]


async def test_put_waits_until_a_block_was_read() -> None:
    blocks = BlockQueue()
    for _ in range(_WAITING):
        await blocks.put(b"block")
    late = asyncio.create_task(blocks.put(b"late"))
    await asyncio.sleep(0)
    assert not late.done()
    assert await asyncio.to_thread(blocks.read, 5) == b"block"
    await late


async def test_read_fails_when_the_stream_breaks_off() -> None:
    blocks = BlockQueue()
    reading = asyncio.create_task(asyncio.to_thread(blocks.read, 5))
    await asyncio.sleep(0)
    blocks.break_off()
    with pytest.raises(BrokenOff):
        await reading


async def test_put_fails_when_the_thread_reads_no_more() -> None:
    blocks = BlockQueue()
    for _ in range(_WAITING):
        await blocks.put(b"block")
    waiting = asyncio.create_task(blocks.put(b"late"))
    await asyncio.to_thread(blocks.abandon)
    with pytest.raises(BrokenOff):
        await waiting
