"""Download a file in two steps: ask Telegram for its URL, then stream it and check its size.

Source: Telegram, Bot API, `getFile`: files of up to 20 MB; the URL is valid for an hour and contains the bot's token.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

import aiohttp
from telegram.error import BadRequest, TelegramError
from yarl import URL

from satark.api import MediaGone, MediaRef
from satark_telegram.bot_api import BotApi
from satark_telegram.http_client import CONNECT_SECONDS
from satark_telegram.settings import TelegramSettings

_OK: Final = 200
_GONE: Final = (404, 410)
_CHUNK_BYTES: Final = 64 * 1024


class TelegramMedia:
    """The files that are stored at Telegram."""

    def __init__(self, bot: BotApi, settings: TelegramSettings) -> None:
        self._bot = bot
        self._settings = settings
        self._base = f"{settings.api_url}/file/bot{settings.token.get_secret_value()}/"

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file as a stream. Its size is checked before the stream ends. No error shows the URL.

        Raises:
            MediaGone: Telegram no longer has the file, or it is too large.
            OSError: Telegram or the network failed. Try again later.
        """
        url, size = await self._locate(ref)
        if size > self._settings.media_max_bytes:
            raise MediaGone("too large")
        try:
            async with await self._download(url) as response:
                _check_status(response.status)
                async with aclosing(self._size_checked(response, max(size, ref.size))) as chunks:
                    yield chunks
        except aiohttp.ClientError as error:
            raise _network_error(error) from None

    async def _locate(self, ref: MediaRef) -> tuple[str, int]:
        try:
            url, size = await self._bot.file_url(ref.id)
        except BadRequest as error:
            raise MediaGone(_reason(error)) from None
        except (TelegramError, KeyError, TypeError) as error:
            raise ConnectionError(f"media: {type(error).__name__}") from None
        if not url.startswith(self._base):
            raise ConnectionError("media: the URL is not Telegram's")
        return url, size

    async def _download(self, url: str) -> aiohttp.ClientResponse:
        stall = self._settings.stall_seconds
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=stall)
        return await self._bot.request.session.get(URL(url, encoded=True), timeout=timeout, allow_redirects=False)

    async def _size_checked(self, response: aiohttp.ClientResponse, announced: int) -> AsyncGenerator[bytes, None]:
        size = 0
        try:
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                size += len(chunk)
                if size > self._settings.media_max_bytes:
                    raise MediaGone("too large")
                yield chunk
        except aiohttp.ClientError as error:
            raise _network_error(error) from None
        if size < announced:
            raise ConnectionError("media: truncated")


def _check_status(status: int) -> None:
    if status in _GONE:
        raise MediaGone("no longer at its URL")
    if status != _OK:
        raise ConnectionError(f"media: HTTP {status}")


def _reason(error: BadRequest) -> str:
    return "too large for a bot" if "too big" in error.message.lower() else "unknown at Telegram"


def _network_error(error: aiohttp.ClientError) -> ConnectionError:
    """Describe a failure by its class alone: aiohttp's text contains the URL, and the URL contains the token."""
    return ConnectionError(f"media: {type(error).__name__}")
