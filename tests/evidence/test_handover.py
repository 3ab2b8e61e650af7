"""What arrives in the event loop is read in a thread: in order, to its end, and no faster than it is read."""

import asyncio

import pytest

from satark.evidence.handover import _AHEAD, BrokenOff, Handover


async def test_blocks_are_read_in_pieces_and_the_end_is_told_again() -> None:
    handover = Handover()
    for block in (b"one two", b"three", b""):
        await handover.put(block)
    read = await asyncio.to_thread(lambda: [handover.read(5) for _ in range(5)])
    assert read == [b"one t", b"wo", b"three", b"", b""]


async def test_who_puts_waits_for_who_reads() -> None:
    handover = Handover()
    for _ in range(_AHEAD):
        await handover.put(b"block")
    late = asyncio.create_task(handover.put(b"late"))
    await asyncio.sleep(0)
    assert not late.done()
    assert await asyncio.to_thread(handover.read, 5) == b"block"
    await late


async def test_a_reader_of_a_stream_that_broke_off_fails() -> None:
    handover = Handover()
    reading = asyncio.create_task(asyncio.to_thread(handover.read, 5))
    await asyncio.sleep(0)
    handover.break_off()
    with pytest.raises(BrokenOff):
        await reading


async def test_who_puts_where_nobody_reads_any_more_is_told() -> None:
    handover = Handover()
    for _ in range(_AHEAD):
        await handover.put(b"block")
    waiting = asyncio.create_task(handover.put(b"late"))
    await asyncio.to_thread(handover.abandon)
    with pytest.raises(BrokenOff):
        await waiting
