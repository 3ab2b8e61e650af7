"""tus 1.0.0 against a real server: uploads, refusals, and lost connections."""

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

from satark_web_form.uploads.draft_key import DraftKey
from satark_web_form.uploads.segments import SEGMENT_BYTES
from satark_web_form.uploads.upload_store import UploadStore

Until: TypeAlias = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
OCTETS = {"content-type": "application/offset+octet-stream"}


async def created(browser: aiohttp.ClientSession, length: int, **headers: str) -> str:
    """Create an upload; return its URL."""
    async with browser.post("/uploads/", headers={"upload-length": str(length), **headers}) as answer:
        assert answer.status == 201, await answer.text()
        return answer.headers["location"]


async def patched(browser: aiohttp.ClientSession, url: str, offset: int, content: bytes, **headers: str) -> int:
    """Send a part; return the status."""
    headers = {**OCTETS, "upload-offset": str(offset), **headers}
    async with browser.patch(url, data=io.BytesIO(content), headers=headers) as answer:
        return answer.status


async def offset_of(browser: aiohttp.ClientSession, url: str) -> int:
    """Return the offset of an upload."""
    async with browser.head(url) as answer:
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        return int(answer.headers["upload-offset"])


async def send_and_break(site: str, url: str, secret: str, *, announced: int, sent: bytes, pause: float = 0) -> None:
    """Send a part over a connection that breaks, or stalls, before the end."""
    parts = urlsplit(site)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    header = (
        f"PATCH {url} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: draft={secret}\r\nTus-Resumable: 1.0.0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\nContent-Length: {announced}\r\n\r\n"
    )
    writer.write(header.encode() + sent)
    await writer.drain()
    await asyncio.sleep(pause)
    writer.transport.abort() if not pause else writer.close()


async def test_options_describe_the_protocol(browser: aiohttp.ClientSession) -> None:
    async with browser.options("/uploads/") as answer:
        assert answer.status == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-extension"] == "creation,expiration,termination"
        assert answer.headers["tus-max-size"] == "100000000"


async def test_a_file_sent_in_parts_is_complete(
    browser: aiohttp.ClientSession, uploads: UploadStore, key: DraftKey
) -> None:
    content = os.urandom(3 * SEGMENT_BYTES + 17)
    metadata = (
        f"filename {base64.b64encode(b'IMG_20261124.jpg').decode()},filetype {base64.b64encode(b'video/mp4').decode()}"
    )
    url = await created(browser, len(content), **{"upload-metadata": metadata})
    half = len(content) // 2
    assert await patched(browser, url, 0, content[:half]) == 204
    assert await offset_of(browser, url) == half
    assert await patched(browser, url, half, content[half:]) == 204
    (status,) = await uploads.list_uploads(key)
    assert (status.complete, status.kind) == (True, "video")
    media = await uploads.attach(key, status.upload, "web_form:main")
    async with uploads.fetch(media.ref) as stream:
        assert b"".join([chunk async for chunk in stream]) == content


async def test_bytes_received_before_a_cut_connection_are_stored(
    site: str, browser: aiohttp.ClientSession, uploads: UploadStore, key: DraftKey, until: Until
) -> None:
    content = os.urandom(SEGMENT_BYTES + SEGMENT_BYTES // 2)
    url = await created(browser, len(content))
    await send_and_break(
        site, url, bytes(range(32)).hex(), announced=len(content), sent=content[: SEGMENT_BYTES + 1000], pause=0.3
    )

    async def arrived() -> bool:
        return await offset_of(browser, url) == SEGMENT_BYTES + 1000

    await until(arrived)
    assert await patched(browser, url, SEGMENT_BYTES + 1000, content[SEGMENT_BYTES + 1000 :]) == 204
    media = await uploads.attach(key, url.rpartition("/")[2], "web_form:main")
    async with uploads.fetch(media.ref) as stream:
        assert b"".join([chunk async for chunk in stream]) == content


async def test_a_stalled_connection_is_closed(site: str, browser: aiohttp.ClientSession, until: Until) -> None:
    url = await created(browser, 1000)
    await send_and_break(site, url, bytes(range(32)).hex(), announced=1000, sent=b"x" * 400, pause=1.5)

    async def arrived() -> bool:
        return await offset_of(browser, url) == 400

    await until(arrived)


async def test_an_upload_can_be_deleted(browser: aiohttp.ClientSession) -> None:
    url = await created(browser, 10)
    async with browser.delete(url) as answer:
        assert answer.status == 204
    async with browser.head(url) as answer:
        assert answer.status == 404


async def test_post_can_override_its_method(browser: aiohttp.ClientSession) -> None:
    url = await created(browser, 4)
    headers = {**OCTETS, "upload-offset": "0", "x-http-method-override": "PATCH"}
    async with browser.post(url, data=b"1234", headers=headers) as answer:
        assert answer.status == 204
    async with browser.delete(url, headers={"x-http-method-override": "PATCH"}) as answer:
        assert answer.status == 204, "only POST can be overridden"


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
async def test_an_invalid_creation_is_refused(
    browser: aiohttp.ClientSession, headers: Mapping[str, str], status: int
) -> None:
    sent = {name: value.encode("utf-8", "surrogateescape").decode("latin-1") for name, value in headers.items()}
    async with browser.post("/uploads/", headers=sent) as answer:
        assert answer.status == status
        if status == 413:
            assert await answer.text() == "text: too-large"
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
async def test_an_invalid_part_is_refused_and_changes_nothing(
    browser: aiohttp.ClientSession, headers: dict[str, str], content: bytes, status: int
) -> None:
    url = await created(browser, 10)
    sent = {"upload-offset": "0", **OCTETS, **headers}
    async with browser.patch(url, data=content, headers=sent) as answer:
        assert answer.status == status
    assert await offset_of(browser, url) == 0
    assert await patched(browser, url, 0, b"0123456789") == 204


async def test_more_bytes_than_announced_are_refused_in_a_chunked_request(browser: aiohttp.ClientSession) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 1000

    url = await created(browser, 5000)
    headers = {**OCTETS, "upload-offset": "0"}
    async with browser.patch(url, data=endless(), headers=headers) as answer:
        assert answer.status == 413


@pytest.mark.parametrize("path", ["/uploads/" + "0" * 32, "/uploads/..%2F..%2Fetc", "/uploads/x"])
async def test_an_unknown_url_is_not_found(browser: aiohttp.ClientSession, path: str) -> None:
    async with browser.head(path) as answer:
        assert answer.status == 404
