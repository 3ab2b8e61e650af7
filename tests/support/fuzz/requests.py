"""Requests as fuzzer inputs: a JSON object with method, path, query, headers and body, or only a body."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.types import ASGIApp, Message

from support.fuzz.mutation import bytes_of, text_of, to_json

_MAX_CHUNKS: Final = 50
_SECONDS: Final = 10.0
"""Seconds after which a request counts as not answered."""


class FuzzedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as a server passes it on: header names in lower case, header values and query in Latin-1."""

    method: str = "POST"
    path: str = ""
    query: str = ""
    headers: Mapping[str, str] = {}
    chunks: tuple[bytes, ...] = (b"",)
    """The chunks in which the body arrives."""

    @property
    def body(self) -> bytes:
        """The complete body."""
        return b"".join(self.chunks)


class Answer(msgspec.Struct, frozen=True):
    """The application's answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def request_input(body: bytes | Sequence[bytes], **fields: Any) -> bytes:
    """Encode a request as an input."""
    chunks = [body] if isinstance(body, bytes) else list(body)
    return to_json({**fields, "body": [text_of(chunk) for chunk in chunks]})


def read_request(data: bytes, *, path: str, headers: Mapping[str, str] | None = None) -> FuzzedRequest:
    """Read an input. An input that is no JSON object with a body is a body. `path` and `headers` are defaults."""
    found = _object(data)
    return _request(found, path, headers or {}) if found else FuzzedRequest(path=path, chunks=(data,))


def read_requests(data: bytes) -> list[FuzzedRequest]:
    """Read an input with several requests, which is a JSON list."""
    try:
        listed = json.loads(data)
    except (ValueError, RecursionError):
        return []
    one_by_one = listed if isinstance(listed, list) else [listed]
    return [_request(each, "/", {}) for each in one_by_one[:_MAX_CHUNKS] if isinstance(each, dict)]


async def ask(app: ASGIApp, request: FuzzedRequest) -> Answer:
    """Pass a request to an application in this process. Exceptions of the application are raised.

    Raises:
        TimeoutError: the application never answered.
    """
    sent: list[Message] = []
    body = iter(request.chunks)
    left = len(request.chunks)

    async def receive() -> Message:
        nonlocal left
        chunk = next(body, None)
        if chunk is None:
            return {"type": "http.disconnect"}
        left -= 1
        return {"type": "http.request", "body": chunk, "more_body": left > 0}

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(_SECONDS):
        await app(_scope(request), receive, send)
    start = sent[0]
    answered = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], answered, b"".join(part.get("body", b"") for part in sent[1:]))


def _scope(request: FuzzedRequest) -> dict[str, Any]:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "https",
        "path": request.path,
        "raw_path": request.path.encode("utf-8", "replace"),
        "query_string": request.query.encode("latin-1"),
        "root_path": "",
        "headers": headers,
        "client": None,
        "server": ("satark.example", 443),
    }


def _object(data: bytes) -> dict[str, Any] | None:
    if not data.startswith(b"{"):
        return None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "body" in found else None


def _request(found: Mapping[str, Any], path: str, headers: Mapping[str, str]) -> FuzzedRequest:
    listed = found.get("headers")
    given = listed if isinstance(listed, dict) else {}
    body = found.get("body")
    chunks = body if isinstance(body, list) else [body]
    return FuzzedRequest(
        method=_header(found.get("method", "POST")).upper()[:20],
        path=_text(found.get("path", path)),
        query=_header(found.get("query", "")),
        headers={**headers, **{_header(name).lower(): _header(value) for name, value in given.items()}},
        chunks=tuple(bytes_of(_text(chunk)) for chunk in chunks[:_MAX_CHUNKS]) or (b"",),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _header(value: object) -> str:
    """Return a header value as a server passes it on: Latin-1 without line breaks."""
    text = _text(value).encode("latin-1", "replace").decode("latin-1")
    return text.translate({0: None, 10: None, 13: None})
