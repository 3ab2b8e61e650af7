"""The contract of a sink, as checks that any sink plugin can run against itself in one test.

async def test_it_keeps_the_contract(tmp_path: Path) -> None:
    await check_sink(SinkCase(sink=…, folder=tmp_path, held=…))
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from satark.sink import Delivery, Done, SealedFile, SealedMessage, Sink


class SinkCase(msgspec.Struct, frozen=True, kw_only=True):
    """A sink and what it takes to put it to the test."""

    sink: Sink
    folder: Path
    """An empty folder, for what the deliveries hold."""
    held: Callable[[], Any]
    """Gives all that the destination has, to be compared: what came twice must make no difference."""
    name: str = "main"
    """The destination's name, without the sink."""


async def check_sink(case: SinkCase) -> None:
    """Run every check, from `open` to `close`.

    Raises:
        AssertionError: the sink breaks the contract; the message says where.
    """
    _hold(isinstance(case.sink, Sink), "it lacks a part of the protocol")
    await case.sink.open()
    try:
        await _check_deliveries(case)
    finally:
        await case.sink.close()


async def _check_deliveries(case: SinkCase) -> None:
    destination = f"{case.sink.name}:{case.name}"
    first = sample_delivery(destination, await asyncio.to_thread(_made, case.folder / "first"))
    before = case.held()
    _hold(await case.sink.deliver(first) == Done(), "a delivery is not taken")
    once = case.held()
    _hold(once != before, "a delivery is said to be done, and the destination has nothing of it")
    again = msgspec.structs.replace(first, attempt=2)
    _hold(await case.sink.deliver(again) == Done(), "the same delivery is not taken when it comes again")
    _hold(case.held() == once, "the same delivery, come again, has a second effect")
    later = sample_delivery(destination, await asyncio.to_thread(_made, case.folder / "later"), revision=2)
    _hold(await case.sink.deliver(later) == Done(), "a later revision is not taken")
    _hold(case.held() != once, "a later revision changes nothing")
    await _check_bare(case, destination)


async def _check_bare(case: SinkCase, destination: str) -> None:
    """Check that a tip without files, whose envelope is not there, neither raises nor is lost in silence."""
    folder = await asyncio.to_thread(_made, case.folder / "bare")
    bare = msgspec.structs.replace(
        sample_delivery(destination, folder, tip="b" * 32), files=(), messages=(), envelope=b""
    )
    await case.sink.deliver(bare)


def sample_delivery(destination: str, folder: Path, *, revision: int = 1, tip: str = "a" * 32) -> Delivery:
    """Give a delivery with a file and a message, as the engine makes one; what is sealed is random-looking bytes.

    Args:
        destination: `<sink>:<name>`.
        folder: a folder that is there; the file's sealed clean copy is put into it.
        revision: 1 for the tip as it was handed in.
        tip: the tip's id in the store.
    """
    clean = folder / "clean"
    clean.write_bytes(bytes(range(256)) * 16)
    return Delivery(
        idempotency_key=f"{tip[:8]}-{revision}",
        tip=tip,
        destination=destination,
        desk="sp",
        revision=revision,
        attempt=1,
        envelope=b"age: an envelope",
        document=b"age: a document \xff\x00",
        files=(SealedFile(ordinal="1", state="sealed", record=b"age: a record", clean=clean),),
        messages=tuple(SealedMessage(seq, b"age: a message") for seq in range(1, revision + 1)),
    )


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _hold(condition: object, message: str) -> None:
    if not condition:
        raise AssertionError(message)
