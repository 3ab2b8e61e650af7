"""A hundred megabytes through a server process: its memory, its files, a cut connection, and a kill."""

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

from satark_testing.identifier_search import files_below
from satark_web_form.uploads.draft_key import DraftKey
from satark_web_form.uploads.segments import SEGMENT_BYTES
from satark_web_form.uploads.upload_store import UploadStore
from support.process_watch import ProcessWatch, peak_resident_bytes

pytestmark = pytest.mark.slow("a process")

MARKER = b"MARKER-BY-THE-TEST-" * 3277
"""Almost 64 KiB that no ciphertext contains."""
SIZE = 100_000_000
MAX_GROWTH = 32_000_000
Until: TypeAlias = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
StartServer: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
HEADERS = {"tus-resumable": "1.0.0", "cookie": f"draft={bytes(range(32)).hex()}"}


def body(start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of the file between two offsets."""
    while start < end:
        within = start % len(MARKER)
        chunk = MARKER[within : within + end - start]
        yield chunk
        start += len(chunk)


async def body_stream(start: int, end: int) -> AsyncIterator[bytes]:
    """Yield the same for a request, without blocking the event loop."""
    for chunk in body(start, end):
        yield chunk
        await asyncio.sleep(0)


async def stalling(end: int) -> AsyncIterator[bytes]:
    """Yield the start of a file, then keep the connection open without sending."""
    async for chunk in body_stream(0, end):
        yield chunk
    await asyncio.Event().wait()


async def created(client: aiohttp.ClientSession, size: int) -> str:
    """Create an upload; return its URL."""
    async with client.post("/uploads/", headers={"upload-length": str(size)}) as answer:
        return answer.headers["location"]


async def offset_of(client: aiohttp.ClientSession, url: str) -> int:
    """Return the offset of an upload."""
    async with client.head(url) as answer:
        return int(answer.headers["upload-offset"])


async def reached(client: aiohttp.ClientSession, url: str, offset: int) -> bool:
    """Whether an upload has reached an offset."""
    return await offset_of(client, url) >= offset


async def resumed(client: aiohttp.ClientSession, url: str, end: int) -> int:
    """Resume an upload, as a browser does. Return the offset at which it resumed."""
    while True:
        offset = await offset_of(client, url)
        try:
            await sent(client, url, offset, end)
        except AssertionError:
            await asyncio.sleep(0.1)
        else:
            return offset


async def sent(client: aiohttp.ClientSession, url: str, start: int, end: int) -> None:
    """Send the file between two offsets."""
    await put(client, url, start, body_stream(start, end))


async def put(client: aiohttp.ClientSession, url: str, start: int, content: AsyncIterator[bytes]) -> None:
    """Send content from an offset on."""
    headers = {"content-type": "application/offset+octet-stream", "upload-offset": str(start)}
    async with client.patch(url, data=content, headers=headers) as answer:
        assert answer.status == 204, await answer.text()


async def test_a_hundred_megabytes_are_sealed_from_the_first_byte_in_constant_memory(
    start_server: StartServer, until: Until, uploads: UploadStore, key: DraftKey, tmp_path: Path
) -> None:
    async with start_server() as server, aiohttp.ClientSession(server.url, headers=HEADERS) as client:
        await sent(client, await created(client, 3 * SEGMENT_BYTES), 0, 3 * SEGMENT_BYTES)
        before = peak_resident_bytes(server.id)
        watch = ProcessWatch(server.id, tmp_path, [MARKER[:20]])
        async with watch.watching():
            url = await created(client, SIZE)
            lost = asyncio.create_task(sent(client, url, 0, SIZE))
            await until(partial(reached, client, url, SIZE // 3))
            lost.cancel()
            offset = await resumed(client, url, SIZE)
        assert SIZE // 3 <= offset < SIZE
        growth = peak_resident_bytes(server.id) - before
    assert len(watch.examined) > 90
    assert watch.finds == set()
    assert growth < MAX_GROWTH
    media = await uploads.attach(key, url.rpartition("/")[2], "web_form:main")
    digest = hashlib.sha256()
    async with uploads.fetch(media.ref) as stream:
        async for chunk in stream:
            digest.update(chunk)
    assert digest.digest() == hashlib.sha256(b"".join(body(0, SIZE))).digest()


@pytest.mark.parametrize("url", ["a file", "a deleted file that is open"])
async def test_the_search_for_plaintext_finds_planted_plaintext(tmp_path: Path, url: str) -> None:
    watch = ProcessWatch(os.getpid(), tmp_path, [MARKER[:20]])
    with (tmp_path / "plain").open("w+b") as file:
        file.write(b"before" + MARKER)
        file.flush()
        if url != "a file":
            (tmp_path / "plain").unlink()
        watch.look()
    assert watch.finds


async def test_a_killed_process_leaves_ciphertext_and_another_resumes(
    start_server: StartServer, until: Until, uploads: UploadStore, key: DraftKey, tmp_path: Path
) -> None:
    size = 6 * SEGMENT_BYTES
    async with start_server() as server, aiohttp.ClientSession(server.url, headers=HEADERS) as client:
        url = await created(client, size)
        lost = asyncio.create_task(put(client, url, 0, stalling(3 * SEGMENT_BYTES)))
        await until(partial(reached, client, url, 2 * SEGMENT_BYTES))
        await server.kill()
        with pytest.raises(aiohttp.ClientError):
            await lost
    assert not any(MARKER[:20] in content for content in files_below(tmp_path).values())
    async with start_server() as server, aiohttp.ClientSession(server.url, headers=HEADERS) as client:
        offset = await offset_of(client, url)
        assert offset >= 2 * SEGMENT_BYTES
        await sent(client, url, offset, size)
    media = await uploads.attach(key, url.rpartition("/")[2], "web_form:main")
    async with uploads.fetch(media.ref) as stream:
        assert b"".join([chunk async for chunk in stream]) == b"".join(body(0, size))


async def test_two_processes_agree_on_one_upload(start_server: StartServer) -> None:
    async with start_server() as first, start_server() as second:  # noqa: SIM117 - the browsers need the servers' addresses
        async with (
            aiohttp.ClientSession(first.url, headers=HEADERS) as one,
            aiohttp.ClientSession(second.url, headers=HEADERS) as two,
        ):
            url = await created(one, 3 * SEGMENT_BYTES)
            results = await asyncio.gather(
                *(sent(client, url, 0, 2 * SEGMENT_BYTES) for client in (one, two)), return_exceptions=True
            )
            assert [result for result in results if result is None] == [None]
            assert await offset_of(two, url) == 2 * SEGMENT_BYTES
            await sent(two, url, 2 * SEGMENT_BYTES, 3 * SEGMENT_BYTES)
            assert await offset_of(one, url) == 3 * SEGMENT_BYTES
