"""Web pages of plugins: their security headers, forms and files, and the language that a browser requests."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

import jinja2
import msgspec
from starlette.concurrency import iterate_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp  # `help` reads the types of `Page`

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Message, Receive, Scope, Send

__all__ = [
    "FORM_LIMIT", "PAGE_HEADERS", "FormError", "Page", "PageHeaders", "SameOrigin", "page_templates", "preferred",
    "read_form", "read_pairs", "stream_file",
]  # fmt: skip


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """An ASGI application under a path."""

    path: str
    app: ASGIApp
    in_use: Callable[[], bool] = lambda: False
    """Whether the process must not be replaced now: somebody is signed in, and their session is in its memory. Some
    minutes after the last use it is replaced: what it freed is still in its memory."""
    leave: Callable[[], None] = lambda: None
    """Called when the process is replaced: it must begin no session from now on. Another one answers new requests."""


def preferred(accept_language: str, languages: Sequence[str]) -> str:
    """Return the best of `languages` for a browser's header `Accept-Language`; the first if none matches."""
    wanted = [part.partition(";")[0].partition("-")[0].strip().lower() for part in accept_language.split(",")]
    return next((one for tag in wanted for one in languages if one == tag), languages[0])


PAGE_HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # With `no-referrer` a browser sends `Origin: null` for an honest form, and no `Sec-Fetch-Site` over plain http.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""Headers of every response that does not set them itself. `data:` images are the arrows and ticks of the style
sheet."""

FILE_HEADERS: Mapping[str, str] = {
    # Whatever the bytes are, the browser must not run anything of them, not even when opened by themselves.
    "content-security-policy": "sandbox; default-src 'none'; img-src 'self'; media-src 'self'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
"""Headers of every response that contains a file of a tip."""

_CONTROLS: Mapping[int, None] = dict.fromkeys({*range(32), *range(127, 160)} - set(map(ord, "\t\n\r")))
_RANGE: Final = re.compile(r"bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))")
FORM_LIMIT = 64 * 1024
"""Largest size of a form, in bytes."""
_FIELDS = 100
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class FormError(ValueError):
    """A form can't be read; `status` is the HTTP status to answer with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class SameOrigin:
    """ASGI middleware against CSRF: refuses requests that could change something and come from another site's pages.

    A browser tells the origin of a request in `Sec-Fetch-Site` (W3C Fetch Metadata), an older one in `Origin`. A
    request with neither header is refused: every browser of the last ten years sends one of them with a form.
    """

    def __init__(
        self, app: ASGIApp, public_url: str = "", *, others: Sequence[str] = (), refusal: ASGIApp | None = None
    ) -> None:
        """Wrap an ASGI application.

        `public_url`: the site's URL. `others`: further URLs of the site. `refusal`: an application that answers refused
        requests, in place of a plain 403.
        """
        self._app = app
        self._public = _origin(public_url) if public_url.startswith("https:") else ""
        self._others = frozenset(_origin(url) for url in others if url)
        self._refusal = refusal or PlainTextResponse("this form was not sent from our own page", 403)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the wrapped application, or refuse it."""
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS and not self._is_ours(scope):
            await self._refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        # Behind a reverse proxy that speaks TLS the scheme is not known here: the configured address is what counts.
        own = self._public or f"{scope.get('scheme', 'http')}://{headers.get('host', '')}"
        return headers.get("origin") in {own, *self._others}


class PageHeaders:
    """ASGI middleware that adds `PAGE_HEADERS` to every response, except headers that the response sets itself.

    `headers` override those of `PAGE_HEADERS`, for a site that needs other values everywhere. Where browsers use https,
    here or at a proxy (`public_url`), they are told never to use http again.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] = {}, public_url: str = "") -> None:
        self._app = app
        self._headers = {**PAGE_HEADERS, **headers}
        self._secure_headers = {**self._headers, "strict-transport-security": "max-age=63072000; includeSubDomains"}
        self._public_is_https = public_url.startswith("https:")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the wrapped application, and add the headers to its response."""
        is_secure = self._public_is_https or scope.get("scheme") == "https"
        added = self._secure_headers if is_secure else self._headers

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in added.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def stream_file(
    pieces: Iterator[bytes], *, media_type: str, size: int, disposition: str = "", wanted: str | None = None
) -> Response:
    """Return a response that streams a decrypted file; the browser must not run or cache it.

    Blocks until the first piece is read.

    `disposition`: value of the header `Content-Disposition`; empty: the header is not sent. `wanted`: the request's
    header `Range`; for anything but a single range the whole file is sent; None: no ranges.

    Raises:
        CantOpen: the file was altered.
    """
    part = _part(wanted or "", size)
    content = pieces if part is None else _cut(pieces, part)
    # The first piece comes once the whole file has proved to be right; after it, nothing can be said any more.
    first = next(content, b"")
    headers = {**FILE_HEADERS, "content-length": str(size if part is None else len(part))}
    if wanted is not None:
        headers["accept-ranges"] = "bytes"
    if part is not None:
        headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    if disposition:
        headers["content-disposition"] = disposition
    status = 200 if part is None else 206
    return StreamingResponse(_stream(first, content), status, media_type=media_type, headers=headers)


def _part(wanted: str, size: int) -> range | None:
    """Return the bytes that a header `Range` requests (RFC 9110, section 14); None: all of them."""
    found = _RANGE.fullmatch(wanted)
    if found is None:
        return None
    start, end, last = found.groups()
    if last:
        return range(max(0, size - int(last)), size) or None
    return range(int(start), min(int(end) + 1, size) if end else size) or None


def _cut(pieces: Iterator[bytes], part: range) -> Iterator[bytes]:
    at = 0
    try:
        for piece in pieces:
            inside = piece[max(0, part.start - at) : max(0, part.stop - at)]
            if inside:
                yield inside
            at += len(piece)
            if at >= part.stop:
                return
    finally:
        if isinstance(pieces, Generator):
            pieces.close()


async def _stream(first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    try:
        yield first
        async for piece in iterate_in_threadpool(pieces):
            yield piece
    finally:
        # Whoever goes away half-way must leave no plain copy behind.
        if isinstance(pieces, Generator):
            pieces.close()


def page_templates(folder: Path) -> jinja2.Environment:
    """Return the Jinja templates of a folder. Values are escaped, and an undefined name raises an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _without_controls(value: object) -> object:
    """Remove control characters, except line breaks and tabs, from a value that a template shows."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return type(value)(value.translate(_CONTROLS))


async def read_form(request: Request, limit: int = FORM_LIMIT) -> dict[str, str]:
    """Read a form as `read_pairs` does. If a field is repeated, its last value counts."""
    return dict(await read_pairs(request, limit))


async def read_pairs(request: Request, limit: int = FORM_LIMIT) -> list[tuple[str, str]]:
    """Read a URL-encoded form, only in memory.

    Starlette's own reader would write parts of a body to disk in plain text.

    Raises:
        FormError: the form is longer than `limit` bytes, has more than 100 fields, or is not URL-encoded.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise FormError(415, "this form can't be read")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise FormError(413, "the form is too long")
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        raise FormError(400, "the form can't be read") from None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
