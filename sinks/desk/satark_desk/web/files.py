"""Clean copies, streamed to the officer's browser and kept nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING

from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse

from satark_desk.exports import file_name

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from satark_desk.web.sessions import Session

INLINE: dict[str, str] = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/webp": "image",
    "image/gif": "image",
    "video/mp4": "video",
    "video/webm": "video",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/ogg": "audio",
    "audio/wav": "audio",
    "audio/webm": "audio",
}
"""What a page shows by itself, and in which element. Everything else is only ever downloaded."""

_HEADERS = {
    # Whatever the bytes are, the browser must not run anything of them, not even when opened by themselves.
    "content-security-policy": "sandbox; default-src 'none'; img-src 'self'; media-src 'self'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


def show_file(request: Request, session: Session) -> Response:
    """Stream the clean copy of a file.

    Raises:
        CaseworkError: there is no such tip or file, or the file has no clean copy.
        CantOpen: it was altered.
    """
    tip = session.casework.open(request.path_params["number"])
    record = tip.file(request.path_params["ordinal"])
    pieces = session.casework.evidence(tip, record.ordinal)
    inline = record.clean_mime in INLINE
    disposition = "inline" if inline and "download" not in request.query_params else "attachment"
    name = file_name(tip, record, original=False)
    return streamed(
        pieces,
        media_type=record.clean_mime if inline else "application/octet-stream",
        size=record.clean_bytes,
        disposition=f'{disposition}; filename="{name}"',
    )


def show_preview(request: Request, session: Session) -> Response:
    """Show a file's preview: a smaller picture, a film's still, a page, a recording's wave.

    Raises:
        CaseworkError: there is no such tip or file, or the file has no preview.
        CantOpen: it was altered.
    """
    tip = session.casework.open(request.path_params["number"])
    ordinal = request.path_params["ordinal"]
    content = session.casework.preview(tip, ordinal)
    media_type = next(record.preview_mime for record in tip.records if record.ordinal == ordinal)
    return streamed(iter([content]), media_type=media_type, size=len(content), disposition="inline")


def streamed(pieces: Iterator[bytes], *, media_type: str, size: int, disposition: str) -> Response:
    """Stream what casework gives, so that nothing in it can run and nothing keeps it.

    Raises:
        CantOpen: it was altered.
    """
    # The first piece comes once the whole file has proved to be right; after it, nothing can be said any more.
    first = next(pieces, b"")
    headers = {**_HEADERS, "content-disposition": disposition, "content-length": str(size)}
    return StreamingResponse(_stream(first, pieces), media_type=media_type, headers=headers)


async def _stream(first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    try:
        yield first
        async for piece in iterate_in_threadpool(pieces):
            yield piece
    finally:
        # A browser that goes away half-way must leave no plain copy behind.
        if isinstance(pieces, Generator):
            pieces.close()
