"""A hundred megabytes through a process of its own: its memory, its files, a cut connection, and its sudden death."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest

from satark.testing.identifier_search import files_below
from satark.testing.process_watch import ProcessWatch, peak_resident_bytes
from satark_web_form.uploads.keys import DraftKey
from satark_web_form.uploads.segments import SEGMENT
from satark_web_form.uploads.staging import Staging

PLANTED = b"PLANTED-BY-THE-TEST-" * 3277
"""Not quite 64 KiB that no ciphertext contains."""
SIZE = 100_000_000
GROWTH_MOST = 32_000_000
Until: TypeAlias = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
Starting: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
HEADERS = {"tus-resumable": "1.0.0", "cookie": f"draft={bytes(range(32)).hex()}"}


def body(start: int, end: int) -> Iterator[bytes]:
    """Give the bytes of the file between two places."""
    while start < end:
        within = start % len(PLANTED)
        piece = PLANTED[within : within + end - start]
        yield piece
        start += len(piece)


async def slowly(start: int, end: int) -> AsyncIterator[bytes]:
    """The same for a request, giving others their turn."""
    for piece in body(start, end):
        yield piece
        await asyncio.sleep(0)


async def stuck(end: int) -> AsyncIterator[bytes]:
    """The beginning of a file, and then nothing, on a connection that stays open."""
    async for piece in slowly(0, end):
        yield piece
    await asyncio.Event().wait()


async def created(client: aiohttp.ClientSession, size: int) -> str:
    """Make a file."""
    async with client.post("/uploads/", headers={"upload-length": str(size)}) as answer:
        return answer.headers["location"]


async def offset_of(client: aiohttp.ClientSession, where: str) -> int:
    """Ask how far a file is."""
    async with client.head(where) as answer:
        return int(answer.headers["upload-offset"])


async def reached(client: aiohttp.ClientSession, where: str, offset: int) -> bool:
    """Whether a file is so far."""
    return await offset_of(client, where) >= offset


async def resumed(client: aiohttp.ClientSession, where: str, end: int) -> int:
    """Go on with a file, as a browser does: what the lost connection still brings is waited for. Gives from where."""
    while True:
        offset = await offset_of(client, where)
        try:
            await sent(client, where, offset, end)
        except AssertionError:
            await asyncio.sleep(0.1)
        else:
            return offset


async def sent(client: aiohttp.ClientSession, where: str, start: int, end: int) -> None:
    """Send a part."""
    await put(client, where, start, slowly(start, end))


async def put(client: aiohttp.ClientSession, where: str, start: int, content: AsyncIterator[bytes]) -> None:
    """Send this from a place on."""
    headers = {"content-type": "application/offset+octet-stream", "upload-offset": str(start)}
    async with client.patch(where, data=content, headers=headers) as answer:
        assert answer.status == 204, await answer.text()


async def test_a_hundred_megabytes_are_sealed_from_the_first_byte_in_flat_memory(
    process: Starting, until: Until, staging: Staging, key: DraftKey, tmp_path: Path
) -> None:
    async with process() as server, aiohttp.ClientSession(server.url, headers=HEADERS) as client:
        await sent(client, await created(client, 3 * SEGMENT), 0, 3 * SEGMENT)
        before = peak_resident_bytes(server.id)
        watch = ProcessWatch(server.id, tmp_path, [PLANTED[:20]])
        watching = asyncio.create_task(watch.run())
        where = await created(client, SIZE)
        lost = asyncio.create_task(sent(client, where, 0, SIZE))
        await until(partial(reached, client, where, SIZE // 3))
        lost.cancel()
        offset = await resumed(client, where, SIZE)
        assert SIZE // 3 <= offset < SIZE
        watching.cancel()
        growth = peak_resident_bytes(server.id) - before
    assert len(watch.examined) > 90
    assert watch.finds == set()
    assert growth < GROWTH_MOST
    media = await staging.hand_over(key, where.rpartition("/")[2], "web_form:main")
    digest = hashlib.sha256()
    async with staging.fetch(media.ref) as stream:
        async for piece in stream:
            digest.update(piece)
    assert digest.digest() == hashlib.sha256(b"".join(body(0, SIZE))).digest()


@pytest.mark.parametrize("where", ["a file", "a deleted file that is open"])
async def test_the_same_watch_sees_a_plain_file(tmp_path: Path, where: str) -> None:
    watch = ProcessWatch(os.getpid(), tmp_path, [PLANTED[:20]])
    with (tmp_path / "plain").open("w+b") as file:
        file.write(b"before" + PLANTED)
        file.flush()
        if where != "a file":
            (tmp_path / "plain").unlink()
        watch.look()
    assert watch.finds


async def test_a_killed_process_leaves_ciphertext_and_another_goes_on(
    process: Starting, until: Until, staging: Staging, key: DraftKey, tmp_path: Path
) -> None:
    size = 6 * SEGMENT
    async with process() as server, aiohttp.ClientSession(server.url, headers=HEADERS) as client:
        where = await created(client, size)
        lost = asyncio.create_task(put(client, where, 0, stuck(3 * SEGMENT)))
        await until(partial(reached, client, where, 2 * SEGMENT))
        await server.kill()
        with pytest.raises(aiohttp.ClientError):
            await lost
    assert not any(PLANTED[:20] in content for content in files_below(tmp_path).values())
    async with process() as server, aiohttp.ClientSession(server.url, headers=HEADERS) as client:
        offset = await offset_of(client, where)
        assert offset >= 2 * SEGMENT
        await sent(client, where, offset, size)
    media = await staging.hand_over(key, where.rpartition("/")[2], "web_form:main")
    async with staging.fetch(media.ref) as stream:
        assert b"".join([piece async for piece in stream]) == b"".join(body(0, size))


async def test_two_processes_agree_on_one_file(process: Starting) -> None:
    async with process() as first, process() as second:  # noqa: SIM117 - the browsers need the servers' addresses
        async with (
            aiohttp.ClientSession(first.url, headers=HEADERS) as one,
            aiohttp.ClientSession(second.url, headers=HEADERS) as two,
        ):
            where = await created(one, 3 * SEGMENT)
            results = await asyncio.gather(
                *(sent(client, where, 0, 2 * SEGMENT) for client in (one, two)), return_exceptions=True
            )
            assert [result for result in results if result is None] == [None]
            assert await offset_of(two, where) == 2 * SEGMENT
            await sent(two, where, 2 * SEGMENT, 3 * SEGMENT)
            assert await offset_of(one, where) == 3 * SEGMENT
