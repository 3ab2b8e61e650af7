"""The media store of the simulated Meta, with every fault that a download can have."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from satark_testing.whatsapp.faults import error

_CHUNK_BYTES = 64 * 1024


class StoredMedia(msgspec.Struct):
    """A file at the provider. Tests may change the fields below `mime`."""

    data: bytes
    mime: str
    url: str = ""
    """The address to announce in place of the peer's own."""
    redirect: str = ""
    """The address to which the download is redirected."""
    expired: int = 0
    """Number of downloads that are answered 404, as Meta answers for an address older than five minutes."""
    size: int | None = None
    """The size to announce, in bytes."""
    sha256: str | None = None
    """The digest to announce."""
    cut_after: int | None = None
    """Number of bytes after which the download breaks off."""


class MediaShelf:
    """Files by id, and the short-lived addresses at which they are downloaded."""

    def __init__(self) -> None:
        self.files: dict[str, StoredMedia] = {}
        self.deleted: set[str] = set()
        self.tickets: dict[str, str] = {}

    def add(self, data: bytes, mime: str) -> dict[str, Any]:
        """Store a file; return the media node that a webhook carries."""
        media_id = str(secrets.randbelow(9 * 10**14) + 10**14)
        self.files[media_id] = StoredMedia(data, mime)
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        return {"id": media_id, "mime_type": mime, "sha256": digest}

    def describe(self, media_id: str, request: Request) -> Response:
        """Answer `GET /{media_id}`."""
        media = self.files.get(media_id)
        if media is None:
            return error(100, "Object does not exist", 400, subcode=33)
        ticket = secrets.token_urlsafe(12)
        self.tickets[ticket] = media_id
        digest = media.sha256 if media.sha256 is not None else hashlib.sha256(media.data).hexdigest()
        return JSONResponse(
            {
                "messaging_product": "whatsapp",
                "url": media.url or f"{request.url.scheme}://{request.url.netloc}/download?mid={ticket}",
                "mime_type": media.mime,
                "sha256": digest,
                "file_size": str(len(media.data) if media.size is None else media.size),
                "id": media_id,
            }
        )

    def download(self, ticket: str) -> Response:
        """Answer the download at a short-lived address."""
        media = self.files.get(self.tickets.get(ticket, ""))
        if media is None:
            return Response(status_code=404)
        if media.expired:
            media.expired -= 1
            return Response(status_code=404)
        if media.redirect:
            return RedirectResponse(media.redirect, 302)
        return _stream(media)

    def delete(self, media_id: str) -> Response:
        """Answer `DELETE /{media_id}`."""
        if self.files.pop(media_id, None) is None:
            return error(100, "Object does not exist", 400, subcode=33)
        self.deleted.add(media_id)
        return JSONResponse({"success": True})


def _stream(media: StoredMedia) -> Response:
    headers: Mapping[str, str] = {"content-length": str(len(media.data))}
    end = len(media.data) if media.cut_after is None else media.cut_after
    return StreamingResponse(_chunks(media.data[:end]), media_type=media.mime, headers=headers)


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _CHUNK_BYTES):
        yield data[start : start + _CHUNK_BYTES]
