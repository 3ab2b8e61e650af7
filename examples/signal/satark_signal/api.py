"""The client of signal-cli-rest-api.

Source: bbernhard/signal-cli-rest-api, `src/api/api.go` and `src/client/client.go`: paths, bodies and statuses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import msgspec

from satark.api import MediaGone, MediaRef, SendResult, Transient, egress_connector, file_chunks
from satark_files.decoding import DECODING_ERRORS
from satark_signal.results import result_of

_COMMAND_SECONDS: Final = 120
"""How long the service lets a command of signal-cli run (`SIGNAL_CLI_CMD_TIMEOUT`)."""
_LARGEST_ANSWER: Final = 8 * 1024 * 1024
_LARGEST_FILE: Final = 100 * 1024 * 1024
"""Most bytes of a file whose size is not announced: Signal's own limit."""
_FILE_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)
"""Seconds without a byte end a download, which may be slow."""


class SignalApi:
    """One service, which has no credentials. Its answers are passed on only as codes of our own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Open the HTTP client, without cookies."""
        timeout = aiohttp.ClientTimeout(total=_COMMAND_SECONDS + 10, sock_connect=20)
        self._session = aiohttp.ClientSession(
            connector=egress_connector(), timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
        )

    async def close(self) -> None:
        """Close the HTTP client."""
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, path: str, body: bytes = b"") -> SendResult:
        """Make a call once."""
        try:
            async with self._request(method, path, body) as response:
                answer = await _read(response)
                return result_of(response.status, answer, response.headers.get("Retry-After", ""))
        except (aiohttp.ClientError, OSError) as error:
            return Transient(type(error).__name__)

    async def get(self, path: str) -> Any:
        """Return the JSON at a path.

        Raises:
            ConnectionError: there is no JSON; the message is a code.
        """
        try:
            async with self._request("GET", path) as response:
                answer = await _read(response)
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionError(type(error).__name__) from None
        if response.status != 200:
            raise ConnectionError(f"HTTP {response.status}")
        try:
            return msgspec.json.decode(answer)
        except DECODING_ERRORS:
            raise ConnectionError("not JSON") from None

    @asynccontextmanager
    async def file(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file of signal-cli's store as a stream; see `satark.api.Channel.fetch`."""
        try:
            async with self._request("GET", file_path(ref.id), timeout=_FILE_TIMEOUT) as response:
                if response.status == 404:
                    raise MediaGone("no longer in signal-cli's store")
                if response.status != 200:
                    raise ConnectionError(f"file: HTTP {response.status}")
                yield file_chunks(response, ref.size or _LARGEST_FILE, ref.size)
        except aiohttp.ClientError as error:
            raise ConnectionError(f"file: {type(error).__name__}") from None

    def _request(self, method: str, path: str, body: bytes = b"", **more: Any) -> Any:
        if self._session is None:
            raise RuntimeError("the channel is not open")
        headers = {"Content-Type": "application/json"} if body else {}
        return self._session.request(
            method, self._url + path, data=body, headers=headers, allow_redirects=False, **more
        )


def file_path(id_: str) -> str:
    """Return the path of a file, at which it can be downloaded and deleted."""
    return f"/v1/attachments/{quote(id_, safe='')}"


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > _LARGEST_ANSWER:
            raise aiohttp.ClientPayloadError("answer too long")
    return b"".join(chunks)
