"""Fetch a file in two steps: ask Telegram where it lies, then stream it, counted as it comes.

Source: Telegram, Bot API, `getFile`: files of up to 20 MB; the address is good for an hour and holds the bot's token.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

import aiohttp
from telegram.error import BadRequest, TelegramError
from yarl import URL

from satark.channel import MediaGone, MediaRef
from satark_telegram.bot import Bot
from satark_telegram.settings import TelegramSettings

_OK: Final = 200
_GONE: Final = (404, 410)


class MediaStore:
    """The files that still lie at Telegram."""

    def __init__(self, bot: Bot, settings: TelegramSettings) -> None:
        self._bot = bot
        self._settings = settings
        self._base = f"{settings.api_url}/file/bot{settings.token.get_secret_value()}/"

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file as a stream; its size is checked at its end at the latest. No error shows the address.

        Raises:
            MediaGone: Telegram no longer has it, or it is larger than a bot may fetch.
            OSError: Telegram or the network failed; later, it may work.
        """
        url, size = await self._ask(ref)
        if size > self._settings.media_max_bytes:
            raise MediaGone("larger than we take")
        try:
            async with await self._download(url) as response:
                _check(response.status)
                async with aclosing(self._counted(response, max(size, ref.size))) as chunks:
                    yield chunks
        except aiohttp.ClientError as error:
            raise _failed(error) from None

    async def _ask(self, ref: MediaRef) -> tuple[str, int]:
        try:
            url, size = await self._bot.file_url(ref.id)
        except BadRequest as error:
            raise MediaGone(_why(error)) from None
        except (TelegramError, KeyError, TypeError) as error:
            raise ConnectionError(f"media: {type(error).__name__}") from None
        if not url.startswith(self._base):
            raise ConnectionError("media: an address that is not Telegram's")
        return url, size

    async def _download(self, url: str) -> aiohttp.ClientResponse:
        settings = self._settings
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=settings.connect_seconds, sock_read=settings.stall_seconds
        )
        return await self._bot.request.session.get(URL(url, encoded=True), timeout=timeout, allow_redirects=False)

    async def _counted(self, response: aiohttp.ClientResponse, announced: int) -> AsyncGenerator[bytes, None]:
        size = 0
        try:
            async for chunk in response.content.iter_chunked(self._settings.media_chunk_bytes):
                size += len(chunk)
                if size > self._settings.media_max_bytes:
                    raise MediaGone("larger than we take")
                yield chunk
        except aiohttp.ClientError as error:
            raise _failed(error) from None
        if size < announced:
            raise ConnectionError("media: cut short")


def _check(status: int) -> None:
    if status in _GONE:
        raise MediaGone("no longer at its address")
    if status != _OK:
        raise ConnectionError(f"media: HTTP {status}")


def _why(error: BadRequest) -> str:
    return "larger than a bot may fetch" if "too big" in error.message.lower() else "unknown at Telegram"


def _failed(error: aiohttp.ClientError) -> ConnectionError:
    """Name the failure by its kind alone: aiohttp's own words hold the URL, and that the token."""
    return ConnectionError(f"media: {type(error).__name__}")
