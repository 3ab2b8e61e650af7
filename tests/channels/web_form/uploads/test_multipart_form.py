"""A multipart form is received part by part, and a bad part harms no other."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import pytest

from satark_web_form.uploads.draft_key import DraftKey
from satark_web_form.uploads.segments import SEGMENT_BYTES
from satark_web_form.uploads.upload_store import UploadStore

Until: TypeAlias = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
BOUNDARY = "----WebKitFormBoundaryX"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, content: bytes, file: str | None = None, mime: str = "image/jpeg") -> bytes:
    """Encode a part as browsers do."""
    named = f'; filename="{file}"' if file is not None else ""
    typed = f"\r\nContent-Type: {mime}" if file is not None else ""
    header = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}{typed}\r\n\r\n'
    return header.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


async def posted(browser: aiohttp.ClientSession, body: bytes, kind: str = TYPE) -> tuple[int, Any]:
    """Post a form. Return the status and the response."""
    async with browser.post("/form", data=io.BytesIO(body), headers={"content-type": kind}) as answer:
        return answer.status, await (answer.json() if answer.status == 200 else answer.text())


async def content_of(uploads: UploadStore, key: DraftKey, upload: str) -> bytes:
    """Return the content of an upload."""
    media = await uploads.attach(key, upload, "web_form:main")
    async with uploads.fetch(media.ref) as stream:
        return b"".join([chunk async for chunk in stream])


async def test_fields_and_files_arrive(browser: aiohttp.ClientSession, uploads: UploadStore, key: DraftKey) -> None:
    photo, video = os.urandom(2000), os.urandom(2 * SEGMENT_BYTES + 5)
    body = (
        part("note", "लंका".encode())
        + part("file", photo, "IMG_1.jpg")
        + part("file", video, "b.mp4", "video/mp4")
        + part("step", b"evidence")
        + END
    )
    status, received = await posted(browser, body)
    assert (status, received["fields"], received["refusals"]) == (200, {"note": "लंका", "step": "evidence"}, [])
    assert [await content_of(uploads, key, upload) for upload in received["uploads"]] == [photo, video]


async def test_a_form_without_a_chosen_file_is_accepted(browser: aiohttp.ClientSession) -> None:
    body = part("file", b"", "", "application/octet-stream") + part("step", b"evidence") + END
    assert await posted(browser, body) == (200, {"fields": {"step": "evidence"}, "uploads": [], "refusals": []})


async def test_a_file_that_is_too_large_is_refused_and_the_others_are_kept(
    browser: aiohttp.ClientSession, uploads: UploadStore, key: DraftKey
) -> None:
    uploads.file_bytes = 2 * SEGMENT_BYTES
    body = (
        part("file", b"small", "a")
        + part("file", bytes(4 * SEGMENT_BYTES), "b")
        + part("file", b"late", "c")
        + part("step", b"evidence")
        + END
    )
    status, received = await posted(browser, body)
    assert (status, received["fields"], received["refusals"]) == (200, {"step": "evidence"}, ["too-large"])
    assert [await content_of(uploads, key, upload) for upload in received["uploads"]] == [b"small", b"late"]
    assert await uploads.list_uploads(key) == []


@pytest.mark.parametrize("cut", [30, 150, 5000, 10_100])
async def test_the_complete_files_of_a_truncated_form_are_stored(
    browser: aiohttp.ClientSession, uploads: UploadStore, key: DraftKey, cut: int
) -> None:
    complete = part("file", b"whole", "a")
    status, received = await posted(browser, complete + (part("file", bytes(10_000), "b") + END)[:cut])
    assert (status, received["refusals"]) == (200, ["broken"])
    assert [status.offset for status in await uploads.list_uploads(key)] == [5]


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
async def test_a_malformed_body_is_broken(browser: aiohttp.ClientSession, body: bytes) -> None:
    status, received = await posted(browser, body)
    assert (status, received["uploads"], received["refusals"]) == (200, [], ["broken"])


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
async def test_another_content_type_is_refused(browser: aiohttp.ClientSession, kind: str) -> None:
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


async def test_a_lost_connection_leaves_no_partial_file(
    site: str, uploads: UploadStore, key: DraftKey, until: Until
) -> None:
    async def is_stored() -> bool:
        return bool(await uploads.list_uploads(key))

    async def is_deleted() -> bool:
        return not await is_stored()

    parts = urlsplit(site)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    body = part("file", bytes(2 * SEGMENT_BYTES), "a")
    head = (
        f"POST /form HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: draft={bytes(range(32)).hex()}\r\n"
        f"Content-Type: {TYPE}\r\nContent-Length: 9999999\r\n\r\n"
    )
    writer.write(head.encode() + body[: SEGMENT_BYTES + 9])
    await writer.drain()
    await until(is_stored)
    writer.transport.abort()
    await until(is_deleted)


async def test_parts_before_a_malformed_part_are_received(browser: aiohttp.ClientSession) -> None:
    body = part("note", b"first") + part("file", b"photo", "a.jpg") + f"--{BOUNDARY}\r\nno header".encode()
    status, received = await posted(browser, body)
    assert (status, received["fields"], received["refusals"]) == (200, {"note": "first"}, ["broken"])
    assert len(received["uploads"]) == 1
