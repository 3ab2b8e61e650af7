"""python-telegram-bot's way to the network, on aiohttp: one pooled client, no redirects, no cookies, nothing logged.

Its own way (httpx) logs every URL, and Telegram's URLs hold the token.
"""

from __future__ import annotations

from typing import Any, Final

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from satark_telegram.settings import TelegramSettings

_MOST_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Bytes of the longest answer: a hundred updates of a megabyte each never come, but a long one may."""


class Request(BaseRequest):
    """One session with Telegram. `initialize` it in the loop that uses it."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for an answer."""
        return self._settings.send_seconds

    async def initialize(self) -> None:
        """Make the session. It trusts no proxy settings of the environment and keeps no cookies."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._settings.connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": "satark", "Accept-Encoding": "identity"},
        )

    async def shutdown(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(  # noqa: PLR0917 - python-telegram-bot's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one request; give status and body.

        Raises:
            telegram.error.TimedOut: no answer in time.
            telegram.error.NetworkError: the network failed. Neither names the URL.
        """
        del write_timeout, connect_timeout, pool_timeout  # our settings say them once for all calls
        total = read_timeout if isinstance(read_timeout, int | float) else self._settings.send_seconds
        timeout = aiohttp.ClientTimeout(total=total, sock_connect=self._settings.connect_seconds)
        data = request_data.json_parameters if request_data else None
        try:
            async with self.session.request(method, url, data=data, timeout=timeout, allow_redirects=False) as response:
                return response.status, await _bounded(response)
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(type(error).__name__) from None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session.

        Raises:
            RuntimeError: `initialize` was not called.
        """
        if self._session is None:
            raise RuntimeError("the Telegram channel is not open")
        return self._session


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    pieces = []
    size = 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > _MOST_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("an answer far too long")
        pieces.append(piece)
    return b"".join(pieces)
