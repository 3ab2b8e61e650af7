"""The contract of a sink, as checks that a sink plugin runs against itself in one test.

async def test_it_keeps_the_contract(tmp_path: Path) -> None:
    await check_sink(SinkCase(sink=…, folder=tmp_path, held=…))
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from satark.destination import Destination
from satark.sink import Delivery, Done, SealedFile, SealedMessage, Sink


class SinkCase(msgspec.Struct, frozen=True, kw_only=True):
    """A sink, and what its checks need."""

    sink: Sink
    folder: Path
    """An empty folder for the files of the deliveries."""
    held: Callable[[], Any]
    """Returns the whole content of the destination, to compare: a repeated delivery must not change it."""
    name: str = "main"
    """The destination's name, without the sink's."""


async def check_sink(case: SinkCase) -> None:
    """Run every check, from `open` to `close`.

    Raises:
        AssertionError: the sink breaks the contract; the message says how.
    """
    _require(isinstance(case.sink, Sink), "it does not implement the whole protocol")
    await case.sink.open()
    try:
        await _check_deliveries(case)
    finally:
        await case.sink.close()


async def _check_deliveries(case: SinkCase) -> None:
    destination = Destination.of(case.sink.name, case.name)
    first = sample_delivery(destination, await asyncio.to_thread(_new_folder, case.folder / "first"))
    before = case.held()
    _require(await case.sink.deliver(first) == Done(), "a delivery is not accepted")
    once = case.held()
    _require(once != before, "a delivery is reported as done, but the destination has not changed")
    again = msgspec.structs.replace(first, attempt=2)
    _require(await case.sink.deliver(again) == Done(), "a repeated delivery is not accepted")
    _require(case.held() == once, "a repeated delivery has a second effect")
    later = sample_delivery(destination, await asyncio.to_thread(_new_folder, case.folder / "later"), revision=2)
    _require(await case.sink.deliver(later) == Done(), "a later revision is not accepted")
    _require(case.held() != once, "a later revision changes nothing")
    await _check_minimal(case, destination)


async def _check_minimal(case: SinkCase, destination: str) -> None:
    """Check that a tip without files, messages and envelope raises nothing."""
    folder = await asyncio.to_thread(_new_folder, case.folder / "minimal")
    minimal = msgspec.structs.replace(
        sample_delivery(destination, folder, tip="b" * 32), files=(), messages=(), envelope=b""
    )
    await case.sink.deliver(minimal)


def sample_delivery(destination: str, folder: Path, *, revision: int = 1, tip: str = "a" * 32) -> Delivery:
    """Return a delivery with a file and a message, as the delivery worker makes one; sealed parts are sample bytes.

    Args:
        destination: `<sink>:<name>`.
        folder: an existing folder, into which the file's sealed clean copy is written.
        revision: 1 for the tip as it was submitted.
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


def _new_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _require(condition: object, message: str) -> None:
    if not condition:
        raise AssertionError(message)
