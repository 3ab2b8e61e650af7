"""Download a file in two steps: ask Meta for its URL, then stream and verify it.

Source: Meta, WhatsApp Business Platform, "Media": the URL is valid for 5 minutes and needs the access token; the media
id of a webhook is valid for 7 days; after a 404 the URL has to be requested again.
"""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from satark.api import MediaGone, MediaRef, file_chunks, read_answer
from satark_files.decoding import DECODING_ERRORS
from satark_whatsapp.events import hex_digest
from satark_whatsapp.graph_api import MAX_RESPONSE_BYTES, GraphApi, error_of
from satark_whatsapp.settings import WhatsAppSettings

_OK: Final = 200
_GONE: Final = (404, 410)
_UNKNOWN_OBJECT: Final = 100


class MediaInfo(msgspec.Struct):
    """Meta's description of a media object."""

    url: str
    sha256: str | None = None
    file_size: int = 0


_decode_info = msgspec.json.Decoder(MediaInfo, strict=False).decode


class WhatsAppMedia:
    """The files that are stored at Meta."""

    def __init__(self, graph: GraphApi, settings: WhatsAppSettings) -> None:
        self._graph = graph
        self._settings = settings

    @asynccontextmanager
    async def fetch(self, ref: MediaRef, number: str | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file as a stream. Its size and SHA-256 are checked before the stream ends.

        Raises:
            MediaGone: Meta no longer has the file, or the file is too large.
            OSError: Meta or the network failed, or Meta named a host that is not in `media_hosts`. Try again later.
        """
        if number is None:
            raise ConnectionError("media: the number is not configured")
        try:
            info = await self._info(ref, number)
            response = await self._graph.download(self._allowed_url(info.url))
            if response.status in _GONE:
                response.release()
                info = await self._info(ref, number)
                response = await self._graph.download(self._allowed_url(info.url))
            async with response:
                _check_status(response.status)
                async with aclosing(self._verified(response, ref, info)) as chunks:
                    yield chunks
        except aiohttp.ClientError as error:  # its text contains the URL
            raise ConnectionError(f"media: {type(error).__name__}") from None

    async def discard(self, ref: MediaRef, number: str | None) -> None:
        """Delete a file at Meta, if Meta allows it."""
        if number is not None:
            await self._graph.delete(self._graph.media_url(ref.id, number))

    async def _info(self, ref: MediaRef, number: str) -> MediaInfo:
        async with self._graph.get(self._graph.media_url(ref.id, number)) as response:
            body = await read_answer(response.content, MAX_RESPONSE_BYTES)
        if response.status != _OK:
            raise _error(response.status, body)
        try:
            info = _decode_info(body)
        except DECODING_ERRORS:
            raise ConnectionError("media: the response can't be decoded") from None
        if info.file_size > self._settings.media_max_bytes:
            raise MediaGone("too large")
        return info

    def _allowed_url(self, text: str) -> URL:
        """Check that a URL's host may see the access token.

        Raises:
            PermissionError: it may not see the token. The download is retried, since the operator can add the host.
        """
        try:
            url = URL(text, encoded=True)
        except ValueError:
            raise PermissionError("media: not a URL") from None
        trusted = url.scheme == "https" and url.authority in self._settings.media_hosts
        if url.user is not None or not (trusted or self._is_local(url)):
            raise PermissionError("media: the host is not in media_hosts")
        return url

    def _is_local(self, url: URL) -> bool:
        return bool(self._settings.local_origin) and f"{url.scheme}://{url.authority}" == self._settings.local_origin

    async def _verified(
        self, response: aiohttp.ClientResponse, ref: MediaRef, info: MediaInfo
    ) -> AsyncGenerator[bytes, None]:
        digest = hashlib.sha256()
        size = 0
        async for chunk in file_chunks(response, self._settings.media_max_bytes, max(ref.size, info.file_size)):
            size += len(chunk)
            digest.update(chunk)
            yield chunk
        _check_content(size, digest.hexdigest(), ref, info)


def _check_status(status: int) -> None:
    if status in _GONE:
        raise MediaGone("no longer at its URL")
    if status != _OK:
        raise ConnectionError(f"media: HTTP {status}")


def _error(status: int, body: bytes) -> Exception:
    error = error_of(body)
    if status in _GONE or (error is not None and error.code == _UNKNOWN_OBJECT):
        return MediaGone("unknown at Meta")
    return ConnectionError(f"media: HTTP {status}, code {error.code if error else 'none'}")


def _check_content(size: int, digest: str, ref: MediaRef, info: MediaInfo) -> None:
    announced = {known for known in (ref.sha256, hex_digest(info.sha256)) if known}
    if announced - {digest} or (not announced and info.file_size and size != info.file_size):
        raise ConnectionError("media: not the announced file")
