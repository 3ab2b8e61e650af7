"""HTTP client for python-telegram-bot, on aiohttp: pooled connections, no redirects, no cookies, nothing logged.

python-telegram-bot's own client, httpx, logs every URL, and Telegram's URLs contain the token.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import aiohttp
import msgspec
from telegram.error import NetworkError, RetryAfter, TimedOut
from telegram.request import BaseRequest, RequestData

from satark.api import read_answer, seconds_to_wait
from satark_files.decoding import DECODING_ERRORS
from satark_telegram.settings import TelegramSettings

CONNECT_SECONDS: Final = 5.0
"""Seconds to wait for a connection."""
_CONNECTIONS: Final = 64
_MAX_RESPONSE_BYTES: Final = 16 * 1024 * 1024
"""Size of the longest response: enough for a hundred long updates."""
_THROTTLED_SECONDS: Final = 5.0
"""Seconds to pause after Telegram throttles a call and does not say how long."""
_ERROR: Final = 400
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_NAMED: Final = frozenset({401, 403, 404, 409})
"""The refusals for which python-telegram-bot has errors of their own."""


class AiohttpRequest(BaseRequest):
    """One HTTP session. Call `initialize` in the event loop that uses it."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for a response."""
        return self._settings.send_seconds

    async def initialize(self) -> None:
        """Create the session. It ignores proxy settings of the environment and stores no cookies."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": "satark", "Accept-Encoding": "identity"},
        )

    async def shutdown(self) -> None:
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
        """Make one request. Return status and body.

        Raises:
            telegram.error.TimedOut: no response came in time.
            telegram.error.RetryAfter: Telegram throttles the call.
            telegram.error.NetworkError: the network failed, or an error can't be read. No exception names the URL.
        """
        del write_timeout, connect_timeout, pool_timeout  # the settings apply to all calls
        total = read_timeout if isinstance(read_timeout, int | float) else self._settings.send_seconds
        timeout = aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_SECONDS)
        data = _form(request_data) if request_data else None
        try:
            async with self.session.request(method, url, data=data, timeout=timeout, allow_redirects=False) as response:
                return self._checked(response, await _read(response))
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(type(error).__name__) from None

    def _checked(self, response: aiohttp.ClientResponse, body: bytes) -> tuple[int, bytes]:
        """Return status and body of a response, unless python-telegram-bot could not read it: then it is a proxy's.

        python-telegram-bot reads the `parameters` of an error unchecked, and may raise another error than its own.
        """
        if response.status == _TOO_MANY:
            announced = _retry_after(body) or response.headers.get("Retry-After", "")
            raise RetryAfter(timedelta(seconds=seconds_to_wait(announced, _THROTTLED_SECONDS)))
        if response.status >= _ERROR and not _is_readable(body):
            raise NetworkError("not Telegram's answer")
        # python-telegram-bot takes others for errors of the network: a refused call would be repeated forever.
        refused = _ERROR <= response.status < _SERVER_ERROR and response.status not in _NAMED
        return (_ERROR if refused else response.status), body

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session.

        Raises:
            RuntimeError: `initialize` was not called.
        """
        if self._session is None:
            raise RuntimeError("the Telegram channel is not open")
        return self._session


class _Parameters(msgspec.Struct):
    retry_after: int | None = None
    migrate_to_chat_id: int | None = None


class _Error(msgspec.Struct):
    parameters: _Parameters | None = None
    description: str | None = None


_decode_error = msgspec.json.Decoder(_Error).decode


def _is_readable(body: bytes) -> bool:
    with suppress(*DECODING_ERRORS):
        return bool(_decode_error(body).description)
    return False


def _retry_after(body: bytes) -> str:
    """Return the seconds that an error names; empty if the error names none."""
    with suppress(*DECODING_ERRORS):
        parameters = _decode_error(body).parameters
        return str(parameters.retry_after or "") if parameters else ""
    return ""


def _form(request_data: RequestData) -> aiohttp.FormData:
    """Return a call's parameters and files as a form."""
    form = aiohttp.FormData(request_data.json_parameters)
    for name, (filename, content, mime) in (request_data.multipart_data or {}).items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = await read_answer(response.content, _MAX_RESPONSE_BYTES + 1)
    if len(body) > _MAX_RESPONSE_BYTES:
        raise aiohttp.ClientPayloadError("response too long")
    return body
