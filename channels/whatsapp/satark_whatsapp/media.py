"""Fetch a file in two steps: ask Meta where it lies, then stream it, checked as it comes.

Source: Meta, WhatsApp Business Platform, "Media": the URL is good for 5 minutes and wants the access token; the media
id of a webhook is good for 7 days; a 404 on the URL means that it has to be asked for again.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from satark.channel import MediaGone, MediaRef
from satark_whatsapp.events import hex_digest
from satark_whatsapp.graph import Graph, bounded, problem_of
from satark_whatsapp.settings import WhatsAppSettings

_OK: Final = 200
_GONE: Final = (404, 410)
_NO_OBJECT: Final = 100


class Info(msgspec.Struct):
    """What Meta says of a media object."""

    url: str
    sha256: str | None = None
    file_size: int = 0


_info = msgspec.json.Decoder(Info, strict=False).decode


class MediaStore:
    """The files that still lie at Meta."""

    def __init__(self, graph: Graph, settings: WhatsAppSettings) -> None:
        self._graph = graph
        self._settings = settings

    @asynccontextmanager
    async def fetch(self, ref: MediaRef, number: str | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file as a stream; size and SHA-256 are checked at its end at the latest.

        Raises:
            MediaGone: Meta no longer has it, it is larger than we take, or not what was announced.
            OSError: Meta or the network failed, or Meta named a host that is not on the list; later, it may work.
        """
        if number is None:
            raise ConnectionError("media: of a number that is not configured")
        try:
            info = await self._ask(ref, number)
            response = await self._download(info.url)
            if response.status in _GONE:
                response.release()
                info = await self._ask(ref, number)
                response = await self._download(info.url)
            async with response:
                _check_download(response.status)
                async with aclosing(self._checked(response, ref, info)) as chunks:
                    yield chunks
        except aiohttp.ClientError as error:
            raise _failed(error) from None

    async def discard(self, ref: MediaRef, number: str | None) -> None:
        """Delete a file at Meta, as far as it lets us."""
        if number is not None:
            await self._graph.delete(self._graph.media_url(ref.id, number))

    async def _ask(self, ref: MediaRef, number: str) -> Info:
        async with self._graph.get(self._graph.media_url(ref.id, number)) as response:
            answer = await bounded(response)
        if response.status != _OK:
            raise _refusal(response.status, answer)
        try:
            info = _info(answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ConnectionError("media: an answer that can't be read") from None
        if info.file_size > self._settings.media_max_bytes:
            raise MediaGone("larger than we take")
        return info

    async def _download(self, url: str) -> aiohttp.ClientResponse:
        return await self._graph.get(self._allowed(url), stall=self._settings.stall_seconds)

    def _allowed(self, text: str) -> URL:
        """Give the URL, if its host may see our token. Not `MediaGone` otherwise: the operator may yet add the host."""
        try:
            url = URL(text, encoded=True)
        except ValueError:
            raise PermissionError("media: not a URL") from None
        trusted = url.scheme == "https" and url.authority in self._settings.media_hosts
        if url.user is not None or not (trusted or self._is_peer(url)):
            raise PermissionError("media: a host that is not in media_hosts")
        return url

    def _is_peer(self, url: URL) -> bool:
        return bool(self._settings.peer) and f"{url.scheme}://{url.authority}" == self._settings.peer

    async def _checked(
        self, response: aiohttp.ClientResponse, ref: MediaRef, info: Info
    ) -> AsyncGenerator[bytes, None]:
        digest = hashlib.sha256()
        size = 0
        try:
            async for chunk in response.content.iter_chunked(self._settings.media_chunk_bytes):
                size += len(chunk)
                if size > self._settings.media_max_bytes:
                    raise MediaGone("larger than we take")
                digest.update(chunk)
                yield chunk
        except aiohttp.ClientError as error:
            raise _failed(error) from None
        _check_end(size, digest.hexdigest(), ref, info)


def _failed(error: aiohttp.ClientError) -> ConnectionError:
    """Name the failure by its kind alone: aiohttp's own words hold the URL."""
    return ConnectionError(f"media: {type(error).__name__}")


def _check_download(status: int) -> None:
    if status in _GONE:
        raise MediaGone("no longer at its address")
    if status != _OK:
        raise ConnectionError(f"media: HTTP {status}")


def _refusal(status: int, answer: bytes) -> Exception:
    problem = problem_of(answer)
    if status in _GONE or (problem is not None and problem.code == _NO_OBJECT):
        return MediaGone("unknown at Meta")
    return ConnectionError(f"media: HTTP {status}, code {problem.code if problem else 'none'}")


def _check_end(size: int, digest: str, ref: MediaRef, info: Info) -> None:
    announced = {known for known in (ref.sha256, hex_digest(info.sha256)) if known}
    if size < max(ref.size, info.file_size):
        raise ConnectionError("media: cut short")
    if announced - {digest} or (not announced and info.file_size and size != info.file_size):
        raise MediaGone("not what was announced")
