"""A body is streamed until it ends, stalls, or the connection is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from satark_web_form.uploads.request_body import BodyChunks


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def received(*messages: dict[str, Any]) -> list[bytes]:
    left = list(messages)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    chunks = BodyChunks(Request({"type": "http"}, receive), 0.01)
    return [chunk async for chunk in chunks]


@pytest.mark.parametrize(
    ("messages", "chunks"),
    [
        ([part(b"a"), part(b"b", more=False)], [b"a", b"b"]),
        ([part(b"a"), part(b""), part(b"b", more=False)], [b"a", b"b"]),
        ([part(b"a"), {"type": "http.disconnect"}], [b"a"]),
        ([part(b"a")], [b"a"]),
        ([part(b"", more=False)], []),
    ],
    ids=["whole", "with an empty chunk", "connection lost", "stalled", "empty"],
)
async def test_a_body_ends_with_its_last_chunk_or_with_the_connection(
    messages: list[dict[str, Any]], chunks: list[bytes]
) -> None:
    assert await received(*messages) == chunks
