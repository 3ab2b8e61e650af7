"""The protocol tus 1.0.0, spoken to a real server: what it grants, what it refuses, what a lost connection leaves."""

from __future__ import annotations

import asyncio
import base64
import io
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TypeAlias
from urllib.parse import urlsplit

import aiohttp
import pytest

from satark_web_form.uploads.keys import DraftKey
from satark_web_form.uploads.segments import SEGMENT
from satark_web_form.uploads.staging import Staging

Until: TypeAlias = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
OCTETS = {"content-type": "application/offset+octet-stream"}


async def made(browser: aiohttp.ClientSession, length: int, **headers: str) -> str:
    """Make a file; give its address."""
    async with browser.post("/uploads/", headers={"upload-length": str(length), **headers}) as answer:
        assert answer.status == 201, await answer.text()
        return answer.headers["location"]


async def patched(browser: aiohttp.ClientSession, where: str, offset: int, content: bytes, **headers: str) -> int:
    """Send a part; give the status."""
    headers = {**OCTETS, "upload-offset": str(offset), **headers}
    async with browser.patch(where, data=io.BytesIO(content), headers=headers) as answer:
        return answer.status


async def offset_of(browser: aiohttp.ClientSession, where: str) -> int:
    """Ask how far a file is."""
    async with browser.head(where) as answer:
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        return int(answer.headers["upload-offset"])


async def cut(site: str, where: str, secret: str, *, announced: int, sent: bytes, pause: float = 0) -> None:
    """Send a part over a connection that breaks (or falls silent for a while) before all of it is there."""
    parts = urlsplit(site)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = (
        f"PATCH {where} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: draft={secret}\r\nTus-Resumable: 1.0.0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\nContent-Length: {announced}\r\n\r\n"
    )
    writer.write(head.encode() + sent)
    await writer.drain()
    await asyncio.sleep(pause)
    writer.transport.abort() if not pause else writer.close()


async def test_a_browser_learns_what_is_spoken(browser: aiohttp.ClientSession) -> None:
    async with browser.options("/uploads/") as answer:
        assert answer.status == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-extension"] == "creation,expiration,termination"
        assert answer.headers["tus-max-size"] == "100000000"


async def test_a_file_is_sent_in_parts_and_is_whole(
    browser: aiohttp.ClientSession, staging: Staging, key: DraftKey
) -> None:
    content = os.urandom(3 * SEGMENT + 17)
    metadata = (
        f"filename {base64.b64encode(b'IMG_20261124.jpg').decode()},filetype {base64.b64encode(b'video/mp4').decode()}"
    )
    where = await made(browser, len(content), **{"upload-metadata": metadata})
    half = len(content) // 2
    assert await patched(browser, where, 0, content[:half]) == 204
    assert await offset_of(browser, where) == half
    assert await patched(browser, where, half, content[half:]) == 204
    (status,) = await staging.all_of(key)
    assert (status.whole, status.kind) == (True, "video")
    media = await staging.hand_over(key, status.upload, "web_form:main")
    async with staging.fetch(media.ref) as stream:
        assert b"".join([piece async for piece in stream]) == content


async def test_a_cut_connection_costs_nothing_that_arrived(
    site: str, browser: aiohttp.ClientSession, staging: Staging, key: DraftKey, until: Until
) -> None:
    content = os.urandom(SEGMENT + SEGMENT // 2)
    where = await made(browser, len(content))
    await cut(site, where, bytes(range(32)).hex(), announced=len(content), sent=content[: SEGMENT + 1000], pause=0.3)

    async def arrived() -> bool:
        return await offset_of(browser, where) == SEGMENT + 1000

    await until(arrived)
    assert await patched(browser, where, SEGMENT + 1000, content[SEGMENT + 1000 :]) == 204
    media = await staging.hand_over(key, where.rpartition("/")[2], "web_form:main")
    async with staging.fetch(media.ref) as stream:
        assert b"".join([piece async for piece in stream]) == content


async def test_a_connection_that_falls_silent_is_given_up(
    site: str, browser: aiohttp.ClientSession, until: Until
) -> None:
    where = await made(browser, 1000)
    await cut(site, where, bytes(range(32)).hex(), announced=1000, sent=b"x" * 400, pause=1.5)

    async def arrived() -> bool:
        return await offset_of(browser, where) == 400

    await until(arrived)


async def test_a_file_can_be_taken_back(browser: aiohttp.ClientSession) -> None:
    where = await made(browser, 10)
    async with browser.delete(where) as answer:
        assert answer.status == 204
    async with browser.head(where) as answer:
        assert answer.status == 404


async def test_a_browser_that_can_only_post_says_so(browser: aiohttp.ClientSession) -> None:
    where = await made(browser, 4)
    headers = {**OCTETS, "upload-offset": "0", "x-http-method-override": "PATCH"}
    async with browser.post(where, data=b"1234", headers=headers) as answer:
        assert answer.status == 204
    async with browser.delete(where, headers={"x-http-method-override": "PATCH"}) as answer:
        assert answer.status == 204, "of no other method than POST"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"upload-length": "x"}, 400),
        ({"upload-length": "-1"}, 400),
        ({"upload-length": "1e3"}, 400),
        ({"upload-length": "9" * 400}, 400),
        ({"upload-defer-length": "1"}, 400),
        ({"upload-length": "0"}, 400),
        ({"upload-length": "100000001"}, 413),
        ({"upload-length": "999999999999"}, 413),
        ({"upload-length": "5", "tus-resumable": "0.2.2"}, 412),
        ({"upload-length": "5", "upload-metadata": "filetype !!!,,  , name \udcff" + "x" * 5000}, 201),
        ({"upload-length": "5", "x-http-method-override": "TRACE"}, 405),
    ],
    ids=str,
)
async def test_what_is_no_file_to_be_made_is_refused(
    browser: aiohttp.ClientSession, headers: Mapping[str, str], status: int
) -> None:
    sent = {name: value.encode("utf-8", "surrogateescape").decode("latin-1") for name, value in headers.items()}
    async with browser.post("/uploads/", headers=sent) as answer:
        assert answer.status == status
        if status == 413:
            assert await answer.text() == "sentence: too-large"
            assert answer.headers["satark-problem"] == "too-large"


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"upload-offset": "3"}, b"abc", 409),
        ({"upload-offset": "x"}, b"abc", 400),
        ({"upload-offset": ""}, b"abc", 400),
        ({"upload-offset": "-3"}, b"abc", 400),
        ({"content-type": "application/octet-stream"}, b"abc", 415),
        ({"content-type": ""}, b"abc", 415),
        ({}, b"more than announced", 413),
        ({"cookie": f"draft={'00' * 32}"}, b"abc", 404),
        ({"cookie": ""}, b"abc", 403),
        ({"tus-resumable": ""}, b"abc", 412),
    ],
    ids=str,
)
async def test_a_part_that_does_not_fit_is_refused_and_costs_nothing(
    browser: aiohttp.ClientSession, headers: dict[str, str], content: bytes, status: int
) -> None:
    where = await made(browser, 10)
    sent = {"upload-offset": "0", **OCTETS, **headers}
    async with browser.patch(where, data=content, headers=sent) as answer:
        assert answer.status == status
    assert await offset_of(browser, where) == 0
    assert await patched(browser, where, 0, b"0123456789") == 204


async def test_more_than_announced_in_chunks_is_refused_too(browser: aiohttp.ClientSession) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 1000

    where = await made(browser, 5000)
    headers = {**OCTETS, "upload-offset": "0"}
    async with browser.patch(where, data=endless(), headers=headers) as answer:
        assert answer.status == 413


@pytest.mark.parametrize("path", ["/uploads/" + "0" * 32, "/uploads/..%2F..%2Fetc", "/uploads/x"])
async def test_an_address_of_nothing_is_not_found(browser: aiohttp.ClientSession, path: str) -> None:
    async with browser.head(path) as answer:
        assert answer.status == 404
