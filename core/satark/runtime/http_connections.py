"""Connections of the HTTP server. One whose client makes no progress is ended; above a limit the slowest one is ended.

Connections are not counted by address: many people share an address, and none is stored.
"""

import asyncio
import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from satark.settings.core import HttpSettings

_SINGLE: Final = frozenset({b"authorization", b"content-length", b"content-type", b"origin", b"sec-fetch-site"})
"""Headers that decide a request's host and content. If one is repeated, a proxy may read the other."""
_HOST: Final = re.compile(rb"([\w.-]+|\[[\da-fA-F:.]+\])(:\d+)?")


class AmbiguousRequest(Exception):  # noqa: N818 - it reads as what it says
    """A request that a proxy on the way may read otherwise than this server."""


def check_headers(headers: Sequence[tuple[bytes, bytes]], version: str) -> None:
    """Check that a request names one host (RFC 9112, 3.2), and repeats no header that may stand once only.

    Raises:
        AmbiguousRequest: the request names no host or several, or repeats such a header.
    """
    hosts = [value for name, value in headers if name == b"host"]
    single = [name for name, _ in headers if name in _SINGLE]
    is_named = (len(hosts) == 1 and _HOST.fullmatch(hosts[0])) or (not hosts and version == "1.0")
    if not is_named or len(single) != len(set(single)):
        raise AmbiguousRequest


SETTINGS_STATE: Final = "satark_http"
"""Key of the `HttpSettings` in the state of the application's lifespan. Without it the defaults apply."""

_TOO_LONG: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Waiting(IntEnum):
    """States of a connection by what it waits for. To make room, the one with the lowest value is ended first."""

    NEXT_REQUEST = 0
    HEADERS = 1
    BODY = 2
    RESPONSE = 3
    """The client waits for the server: such a connection is never ended to make room."""


class TimedConnection(HttpToolsProtocol):
    """One connection. Its headers must end in time; its body and its response must make progress."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._limits: HttpSettings = self.app_state.get(SETTINGS_STATE) or HttpSettings()
        self.waiting = Waiting.HEADERS
        self._since = self._began = self.loop.time()
        self._bytes = self._body_bytes = 0
        self._unsent = 0
        self._blocked_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request. If there are too many connections, make room."""
        super().connection_made(transport)
        self._check()
        if len(self.connections) > self._limits.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the bytes that came; end the connection if its headers are too long."""
        if self.waiting is Waiting.NEXT_REQUEST:
            self._wait(Waiting.HEADERS)
        self._bytes += len(data)
        super().data_received(data)
        too_long = self.waiting is Waiting.HEADERS and self._bytes > self._limits.header_bytes
        if too_long and not self.transport.is_closing():
            self.transport.write(_TOO_LONG)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self.waiting is not Waiting.HEADERS:
            self._wait(Waiting.HEADERS)

    def on_headers_complete(self) -> None:
        """Begin to check that the body makes progress: the headers are complete.

        Raises:
            AmbiguousRequest: the headers can be read in two ways; uvicorn answers 400.
        """
        check_headers(self.headers, self.parser.get_http_version())
        self._wait(Waiting.BODY)
        self._began, self._body_bytes = self._since, 0
        super().on_headers_complete()
        self.headers = []  # what comes behind a body is no header: the scope has the other list

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the check of progress: the request is complete, and the client waits for us.

        Raises:
            AmbiguousRequest: fields came behind the body, where a proxy would not take them for headers.
        """
        if self.headers:
            raise AmbiguousRequest
        cycle: RequestResponseCycle | None = self.cycle  # None: the request asks for another protocol
        answered = cycle is None or cycle.response_complete
        self._wait(Waiting.NEXT_REQUEST if answered else Waiting.RESPONSE)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, or for the unread rest of a body: the response is complete."""
        if self.waiting is Waiting.RESPONSE and not self.pipeline:
            self._wait(Waiting.NEXT_REQUEST)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Begin to check that the client takes the response, which it reads more slowly than the server writes."""
        self._blocked_since, self._unsent = self.loop.time(), self.transport.get_write_buffer_size()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Stop that check: the client took the response."""
        self._blocked_since = None
        super().resume_writing()

    def _wait(self, what: Waiting) -> None:
        self.waiting, self._since, self._bytes = what, self.loop.time(), 0

    def _check(self) -> None:
        """End the connection if its time is over; otherwise check again at the earliest time when it could be over."""
        now = self.loop.time()
        deadline = min(self._read_deadline(now), self._write_deadline(now), now + self.timeout_keep_alive)
        if now >= deadline:
            self.end()
        else:
            self._timer = self.loop.call_at(deadline, self._check)

    def _read_deadline(self, now: float) -> float:
        limits = self._limits
        if self.waiting is Waiting.HEADERS:
            return self._since + limits.header_seconds
        if self.waiting is not Waiting.BODY:
            return now + limits.header_seconds
        paused = bool(self.flow.read_paused)  # we do not read: the client can't make progress
        if paused or (now >= self._since + limits.stall_seconds and self._bytes >= limits.stall_bytes):
            self._since, self._bytes = now, 0
        return self._since + limits.stall_seconds

    def _write_deadline(self, now: float) -> float:
        limits = self._limits
        if self._blocked_since is None:
            return now + limits.stall_seconds
        unsent = self.transport.get_write_buffer_size()
        if now >= self._blocked_since + limits.stall_seconds and self._unsent - unsent >= limits.stall_bytes:
            self._blocked_since, self._unsent = now, unsent
        return self._blocked_since + limits.stall_seconds

    def _make_room(self) -> None:
        """End the connection that has waited longest for its client or has the slowest body; none that awaits us."""
        others = [cast("TimedConnection", one) for one in self.connections if one is not self]
        ours_to_end = [one for one in others if one.waiting is not Waiting.RESPONSE]
        if ours_to_end:
            min(ours_to_end, key=TimedConnection.worth).end()

    def worth(self) -> tuple[int, float]:
        """Return a value for comparing connections: the one with the lowest value is ended to make room."""
        if self.waiting is not Waiting.BODY:
            return self.waiting, self._since
        return self.waiting, self._body_bytes / (self.loop.time() - self._began + 1)

    def end(self) -> None:
        """Close the connection at once. Bytes that were not sent are lost."""
        self.waiting = Waiting.RESPONSE  # nobody else ends it a second time
        self.transport.abort()
