"""Post small requests to one provider over connections that stay open, for channels whose replies are calls.

With a general client such a call costs half as much as a turn (`docs/performance.md`). This client only posts a
complete body and reads an answer of bounded size. It follows no redirect, sends no cookie, writes no log, uses no proxy
but that of `proxy_url`, and closes a connection that receives a byte outside of an answer.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

import httptools

from satark.api import open_connection

_LARGEST_HEAD: Final = 32 * 1024
_IDLE_SECONDS: Final = 15.0
"""Idle seconds after which a connection is not used again: the server may have closed it meanwhile."""
_ENDS: Final = frozenset({"content-length", "transfer-encoding"})
"""Headers that tell where an answer ends. Without them an answer ends with the connection (RFC 9112, section 6.3)."""


class PostFailed(Exception):  # noqa: N818 - it reads as what it says
    """There was no answer, and the request may have arrived. `code`: `timeout` or `network`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class HttpAnswer(NamedTuple):
    """The answer to a request."""

    status: int
    headers: Mapping[str, str]
    """Name in lower case → value. If a header is repeated, its last value counts."""
    content: bytes


class Poster:
    """Posts to one origin. Use it in one event loop.

    Args:
        origin: scheme, host and port: `https://graph.facebook.com`. `http` only for servers of this machine.
        connections: the largest number of open connections; further requests wait for one.
        connect_seconds: most seconds to open a connection, including its TLS handshake.
        answer_seconds: most seconds from the call to the complete answer.
        largest_answer: most bytes of an answer's content.
        context: how TLS is checked; None: against the machine's certificate authorities.

    Raises:
        ValueError: the origin has no host, or its scheme is neither http nor https.
    """

    def __init__(
        self,
        origin: str,
        *,
        connections: int,
        connect_seconds: float,
        answer_seconds: float,
        largest_answer: int,
        context: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("an origin is http:// or https:// and a host")
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._authority = parts.netloc.rpartition("@")[2]
        self._context = (context or ssl.create_default_context()) if parts.scheme == "https" else None
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._largest_answer = largest_answer
        self._open: set[_Connection] = set()
        self._idle: list[_Connection] = []
        """The idle connections; the one that was used last is at the end. Connections that stay idle are closed."""
        self._places = asyncio.Semaphore(connections)

    def head(self, path: str, headers: Mapping[str, str]) -> bytes:
        """Make the head (request line and headers) that all requests to a path share.

        Raises:
            ValueError: the path or a header is not printable ASCII, or the path has a space.
        """
        lines = [f"POST {path} HTTP/1.1", f"Host: {self._authority}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if " " in path or not all(line.isascii() and line.isprintable() for line in lines):
            raise ValueError("a request's path and headers are printable ASCII")
        return "\r\n".join([*lines, "Content-Length: "]).encode()

    async def post(self, head: bytes, body: bytes) -> HttpAnswer:
        """Post a body. Return the answer, whatever its status.

        `head`: from `head`.

        Raises:
            PostFailed: there is no answer.
        """
        try:
            async with asyncio.timeout(self._answer_seconds), self._places:
                connection = self._idle_connection() or await self._connect()
                answer = await connection.exchange(b"%b%d\r\n\r\n%b" % (head, len(body), body))
                if connection.is_usable:
                    self._idle.append(connection)
                return answer
        except TimeoutError:
            raise PostFailed("timeout") from None
        except OSError:  # a certificate that does not fit is one, too
            raise PostFailed("network") from None

    @property
    def connections(self) -> int:
        return len(self._open)

    def close(self) -> None:
        """Close every connection. Requests under way fail."""
        for connection in tuple(self._open):
            connection.close()
        self._idle.clear()

    def _idle_connection(self) -> _Connection | None:
        oldest = time.monotonic() - _IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable and connection.used_at > oldest:
                return connection
            connection.close()
        return None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._connect_seconds):
            connected = await open_connection(self._host, self._port, None)
            _, connection = await loop.create_connection(
                lambda: _Connection(self._largest_answer, self._open),
                sock=connected,
                ssl=self._context,
                server_hostname=self._host if self._context else None,
            )
        return connection


class _Connection(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self, largest_answer: int, connections: set[_Connection]) -> None:
        self._largest = largest_answer
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[HttpAnswer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._content: list[bytes] = []
        self._received = self._head_size = self._size = 0
        self._began = self._complete = self._stays_open = False
        self.used_at = 0.0
        """Time of the connection's last answer, by `time.monotonic`."""

    @property
    def is_usable(self) -> bool:
        return self._transport is not None and self._answered is None

    async def exchange(self, request: bytes) -> HttpAnswer:
        """Send a request and wait for its answer.

        Raises:
            ConnectionError: no answer came.
        """
        if self._transport is None:
            raise ConnectionError
        answered: asyncio.Future[HttpAnswer] = asyncio.get_running_loop().create_future()
        self._answered = answered
        self._transport.write(request)
        try:
            return await answered
        except BaseException:
            self.close()  # an answer that nobody waits for must not be taken for the next one's
            raise

    def close(self) -> None:
        transport, self._transport = self._transport, None
        self._connections.discard(self)
        if transport is not None:
            transport.abort()
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionError())
        self._answered = None

    # ------------------------------------------------------------- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """End the request under way. It fails unless its answer has no length and so ends with the connection."""
        if error is None and self._began and _ENDS.isdisjoint(self._headers):
            self._resolve()
        self.close()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which calls the methods below."""
        if self._answered is None:
            self.close()
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._end(keep=False)
            return
        if self._complete:
            self._end(keep=self._stays_open)
        elif self._size > self._largest or (not self._began and self._received > _LARGEST_HEAD):
            self.close()

    def _end(self, *, keep: bool) -> None:
        """Return the answer if it is complete. Keep the connection only if nothing follows the answer."""
        if self._complete:
            self._resolve()
        if not keep:
            self.close()

    def _resolve(self) -> None:
        answered, self._answered = self._answered, None
        if answered is not None and not answered.done():
            answered.set_result(HttpAnswer(self._parser.get_status_code(), self._headers, b"".join(self._content)))
        self.used_at = time.monotonic()
        self._headers, self._content = {}, []
        self._received = self._head_size = self._size = 0
        self._began = self._complete = False

    # ------------------------------------------------------------- httptools

    def on_message_begin(self) -> None:
        """Fail if this is a second answer to one request: nothing after that can be trusted."""
        if self._complete:
            raise ValueError

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, up to the limit for all headers together."""
        self._head_size += len(name) + len(value)
        if self._head_size > _LARGEST_HEAD:
            raise ValueError
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Prepare to collect the content, unless this is an interim answer (1xx)."""
        self._began = True

    def on_body(self, body: bytes) -> None:
        """Collect the content, up to its limit."""
        self._size += len(body)
        if self._size <= self._largest:
            self._content.append(body)

    def on_message_complete(self) -> None:
        """Note that the answer is complete, unless it is an interim answer (1xx)."""
        if self._parser.get_status_code() < 200:  # noqa: PLR2004
            self._began = False
            self._headers = {}
        else:
            self._complete = self._size <= self._largest
            self._stays_open = self._parser.should_keep_alive()  # it can tell only now
