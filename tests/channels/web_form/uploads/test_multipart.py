"""A form with files from a browser without JavaScript: taken as it comes, whatever is wrong with a part of it."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import pytest

from satark_web_form.uploads.keys import DraftKey
from satark_web_form.uploads.segments import SEGMENT
from satark_web_form.uploads.staging import Staging

Until: TypeAlias = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
BOUNDARY = "----WebKitFormBoundaryX"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, content: bytes, file: str | None = None, mime: str = "image/jpeg") -> bytes:
    """Write a part as browsers do."""
    named = f'; filename="{file}"' if file is not None else ""
    typed = f"\r\nContent-Type: {mime}" if file is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}{typed}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


async def posted(browser: aiohttp.ClientSession, body: bytes, kind: str = TYPE) -> tuple[int, Any]:
    """Send a form; give the status and the answer."""
    async with browser.post("/form", data=io.BytesIO(body), headers={"content-type": kind}) as answer:
        return answer.status, await (answer.json() if answer.status == 200 else answer.text())


async def content_of(staging: Staging, key: DraftKey, upload: str) -> bytes:
    """Give what a taken file holds."""
    media = await staging.hand_over(key, upload, "web_form:main")
    async with staging.fetch(media.ref) as stream:
        return b"".join([piece async for piece in stream])


async def test_fields_and_files_arrive(browser: aiohttp.ClientSession, staging: Staging, key: DraftKey) -> None:
    photo, video = os.urandom(2000), os.urandom(2 * SEGMENT + 5)
    body = (
        part("note", "लंका".encode())
        + part("file", photo, "IMG_1.jpg")
        + part("file", video, "b.mp4", "video/mp4")
        + part("step", b"evidence")
        + END
    )
    status, received = await posted(browser, body)
    assert (status, received["fields"], received["troubles"]) == (200, {"note": "लंका", "step": "evidence"}, [])
    assert [await content_of(staging, key, upload) for upload in received["taken"]] == [photo, video]


async def test_no_file_chosen_is_no_trouble(browser: aiohttp.ClientSession) -> None:
    body = part("file", b"", "", "application/octet-stream") + part("step", b"evidence") + END
    assert await posted(browser, body) == (200, {"fields": {"step": "evidence"}, "taken": [], "troubles": []})


async def test_a_file_that_is_too_large_costs_only_itself(
    browser: aiohttp.ClientSession, staging: Staging, key: DraftKey
) -> None:
    staging.file_bytes = 2 * SEGMENT
    body = (
        part("file", b"small", "a")
        + part("file", bytes(4 * SEGMENT), "b")
        + part("file", b"late", "c")
        + part("step", b"evidence")
        + END
    )
    status, received = await posted(browser, body)
    assert (status, received["fields"], received["troubles"]) == (200, {"step": "evidence"}, ["too-large"])
    assert [await content_of(staging, key, upload) for upload in received["taken"]] == [b"small", b"late"]
    assert await staging.all_of(key) == []


@pytest.mark.parametrize("cut", [30, 150, 5000, 10_100])
async def test_a_form_that_breaks_off_keeps_what_was_whole(
    browser: aiohttp.ClientSession, staging: Staging, key: DraftKey, cut: int
) -> None:
    whole = part("file", b"whole", "a")
    status, received = await posted(browser, whole + (part("file", bytes(10_000), "b") + END)[:cut])
    assert (status, received["troubles"]) == (200, ["broken"])
    assert [status.offset for status in await staging.all_of(key)] == [5]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"no boundary at all",
        b"--other\r\n\r\nx",
        part("x", b"y")[:-4],
        b"--" + BOUNDARY.encode() + b"\0\0",
    ],
    ids=range(6),
)
async def test_what_is_no_form_inside_is_broken(browser: aiohttp.ClientSession, body: bytes) -> None:
    status, received = await posted(browser, body)
    assert (status, received["taken"], received["troubles"]) == (200, [], ["broken"])


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'x' * 71}",
    ],
)
async def test_another_type_is_refused(browser: aiohttp.ClientSession, kind: str) -> None:
    assert (await posted(browser, part("x", b"y") + END, kind))[0] == 415


@pytest.mark.parametrize(
    "body",
    [
        part("x", b"y" * 70_000) + END,
        b"".join(part(f"f{number}", b"") for number in range(10_000)) + END,
        part("x" * 8000, b"") * 9 + END,
    ],
    ids=["a long field", "ten thousand fields", "long names"],
)
async def test_too_much_text_is_refused(browser: aiohttp.ClientSession, body: bytes) -> None:
    status, _ = await posted(browser, body)
    assert status == 413 or (status == 200 and b"x" * 8000 in body), "a header that long breaks the form"


async def test_a_lost_connection_leaves_no_half_file(site: str, staging: Staging, key: DraftKey, until: Until) -> None:
    async def there() -> bool:
        return bool(await staging.all_of(key))

    async def gone() -> bool:
        return not await there()

    parts = urlsplit(site)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    body = part("file", bytes(2 * SEGMENT), "a")
    head = (
        f"POST /form HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: draft={bytes(range(32)).hex()}\r\n"
        f"Content-Type: {TYPE}\r\nContent-Length: 9999999\r\n\r\n"
    )
    writer.write(head.encode() + body[: SEGMENT + 9])
    await writer.drain()
    await until(there)
    writer.transport.abort()
    await until(gone)
