"""Download a file in two steps: ask Telegram for its path, then stream it and check its size.

Source: Telegram, Bot API, `getFile`: files of up to 20 MB; the URL is valid for an hour and contains the bot's token.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

import aiohttp
from yarl import URL

from satark.api import MediaGone, MediaRef, Permanent, file_chunks
from satark_telegram.answers import TOO_LARGE, BotApiError
from satark_telegram.bot_api import BotApi, BotFile
from satark_telegram.settings import TelegramSettings

_OK: Final = 200
_GONE: Final = (404, 410)


class TelegramMedia:
    """The files that are stored at Telegram."""

    def __init__(self, bot: BotApi, settings: TelegramSettings) -> None:
        self._bot = bot
        self._settings = settings
        self._base = URL(f"{settings.api_url}/file/bot{settings.token.get_secret_value()}")

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file as a stream. Its size is checked before the stream ends. No error shows the URL.

        Raises:
            MediaGone: Telegram no longer has the file, or it is too large.
            OSError: Telegram or the network failed. Try again later.
        """
        file = await self._locate(ref)
        if file.file_size > self._settings.media_max_bytes:
            raise MediaGone("too large")
        try:
            async with await self._bot.get_file(self._base / file.file_path, self._settings.stall_seconds) as response:
                _check_status(response.status)
                least, most = max(file.file_size, ref.size), self._settings.media_max_bytes
                async with aclosing(file_chunks(response, most, least)) as chunks:
                    yield chunks
        except aiohttp.ClientError as error:  # its text contains the URL, and the URL contains the token
            raise ConnectionError(f"media: {type(error).__name__}") from None

    async def _locate(self, ref: MediaRef) -> BotFile:
        try:
            file = await self._bot.find_file(ref.id)
        except BotApiError as error:
            if isinstance(error.result, Permanent):
                reason = "too large for a bot" if error.result.code == TOO_LARGE else "unknown at Telegram"
                raise MediaGone(reason) from None
            raise ConnectionError(f"media: {error}") from None
        if not file.file_path or file.file_path.startswith("/"):  # a path on the disk of the operator's own server
            raise ConnectionError("media: no path to download from")
        return file


def _check_status(status: int) -> None:
    if status in _GONE:
        raise MediaGone("no longer at its URL")
    if status != _OK:
        raise ConnectionError(f"media: HTTP {status}")
