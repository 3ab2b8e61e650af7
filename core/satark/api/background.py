"""Work that waits: retry delays, providers' answers and files, tasks restarted when they fail, work in threads."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar

from satark.api.channel import MediaGone
from satark.api.egress import egress_connector
from satark.api.observability import OperatorError, describe_error, log

if TYPE_CHECKING:
    from aiohttp import BaseConnector, ClientResponse, ClientSession, StreamReader
    from yarl import URL

__all__ = ["ProviderClient", "backoff", "file_chunks", "keep_running", "read_answer", "run_in_thread"]

P = ParamSpec("P")
T = TypeVar("T")

RESTART_SECONDS = 1.0
"""Seconds after which a failed background task is restarted."""
STEADY_SECONDS = 60.0
"""Seconds that a task must have run for its failure to count as a new one."""
_CHUNK_BYTES = 64 * 1024


def backoff(attempt: int, *, longest: float) -> float:
    """Return the seconds to wait after `attempt` failed attempts: 2, 4, 8, … up to `longest`.

    A random jitter of ±25 % is applied last, so that clients of a provider that recovers do not all retry at the same
    moment.
    """
    return min(longest, 2.0 ** min(attempt, 30)) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret hangs on it


async def read_answer(content: StreamReader, most: int) -> bytes:
    """Return at most `most` bytes of a provider's answer. One `content.read` returns only what has arrived by now."""
    try:
        return await content.readexactly(most)
    except asyncio.IncompleteReadError as error:
        return error.partial


class ProviderClient:
    """The HTTP client of one provider: no cookies, no proxy but that of `proxy_url`, nothing logged.

    Call `open` in the event loop that uses it. `seconds`: most seconds from a request to its whole answer.
    """

    connect_seconds: ClassVar[float] = 5.0

    def __init__(self, seconds: float, make_connector: Callable[[], BaseConnector] | None = None) -> None:
        self._seconds = seconds
        self._make_connector = make_connector
        self._session: ClientSession | None = None

    async def open(self) -> None:
        """Create the session; nothing is sent."""
        from aiohttp import ClientSession, ClientTimeout, DummyCookieJar  # noqa: PLC0415 - few commands need it

        self._session = ClientSession(
            connector=(self._make_connector or egress_connector)(),
            cookie_jar=DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": "satark", "Accept-Encoding": "identity"},
            timeout=ClientTimeout(total=self._seconds, sock_connect=self.connect_seconds),
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def session(self) -> ClientSession:
        """The open session.

        Raises:
            RuntimeError: `open` was not called.
        """
        if self._session is None:
            raise RuntimeError("the client is not open")
        return self._session

    async def get_file(self, url: URL, stall: float, headers: Mapping[str, str] | None = None) -> ClientResponse:
        """Begin a download. Its total time has no limit; `stall` seconds without a byte end it.

        Raises:
            aiohttp.ClientError, TimeoutError: the provider does not answer; `fetch` raises a ConnectionError for it.
        """
        from aiohttp import ClientTimeout  # noqa: PLC0415 - as above

        timeout = ClientTimeout(total=None, sock_connect=self.connect_seconds, sock_read=stall)
        return await self.session.get(url, headers=headers, allow_redirects=False, timeout=timeout)


async def file_chunks(response: ClientResponse, most: int, least: int = 0) -> AsyncGenerator[bytes, None]:
    """Yield the chunks of a provider's file. Its size must be from `least` to `most` bytes.

    Raises:
        MediaGone: the file is larger.
        ConnectionError: the file is smaller, or the connection broke. The message names no URL.
    """
    from aiohttp import ClientError  # noqa: PLC0415 - as above

    size = 0
    try:
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            size += len(chunk)
            if size > most:
                raise MediaGone("too large")
            yield chunk
    except ClientError as error:
        raise ConnectionError(f"media: {type(error).__name__}") from None
    if size < least:
        raise ConnectionError("media: truncated")


async def wait_for(event: asyncio.Event, *, seconds: float) -> None:
    """Wait until an event is set, for at most `seconds`; return in either case."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def keep_running(
    name: str, work: Callable[[], Awaitable[None]], on_failure: Callable[[str, int], None] | None = None
) -> None:
    """Run an endless background task until cancelled; when it fails, log that and restart it.

    `on_failure` is called with the name and the number of failures in a row.

    One failing task does not stop the others: a host whose deliveries fail still ingests tips. If a task keeps failing,
    for example because a broker is down for a day, only failures 1, 2, 4, 8, … in a row are logged.
    """
    broken = 0
    while True:
        began = time.monotonic()
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - see above
            broken = 1 if time.monotonic() - began > STEADY_SECONDS else broken + 1
            if on_failure is not None:
                on_failure(name, broken)
            if broken.bit_count() == 1:
                log.error(
                    "background task failed, restarting",
                    role=name,
                    attempt=broken,
                    **describe_error(error),
                    **({"code": str(error)} if isinstance(error, OperatorError) else {}),
                )
        await asyncio.sleep(RESTART_SECONDS)


async def run_in_thread(work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run blocking work in a thread, like `asyncio.to_thread`, but never return before the work has ended.

    A thread can't be cancelled. If the caller is cancelled, this waits until the work has ended and then raises
    `CancelledError`, so that the caller can safely close what the work uses, such as a database connection.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments, **options))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
