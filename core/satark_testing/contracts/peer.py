"""The provider's end of a channel, as its author describes it; the kit serves it over HTTP on this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from typing import Final, NamedTuple, Self

import msgspec
from aiohttp import web

from satark.api.channel import Channel
from satark.api.inbound import MediaRef

ENDLESS_BYTES: Final = 64 * 1024 * 1024
_CHUNK: Final = bytes(1024 * 1024)
_HEAD_BYTES: Final = 64 * 1024
_LOCAL: Final = ("127.0.0.1", 0)


class Received(NamedTuple):
    """One request that the channel made."""

    url: str
    """The peer's own base URL, such as `http://127.0.0.1:49152`."""
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Header names are in lower case."""
    body: bytes


class Said(NamedTuple):
    """What one request says, and to whom."""

    to: str
    text: str


class Reply(msgspec.Struct, frozen=True):
    """What the provider answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Fault(Enum):
    """What a network does."""

    HANG_UP = "the provider hangs up"
    ENDLESS = "an answer without end"
    HALF = "the connection ends half-way"


def _accepted(_received: Received) -> Reply:
    return Reply()


def _throttled(seconds: str) -> Reply:
    return Reply(429, headers={"Retry-After": seconds})


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A channel's provider. What is left out answers as most HTTP services do."""

    channel: Callable[[str], Channel]
    """Makes a channel whose provider is at a base URL."""
    read: Callable[[Received], Said | None]
    """Reads what a request says and to whom; None: it says nothing (a file, a status)."""
    answer: Callable[[Received], Reply] = _accepted
    """Answers a request that the provider takes, and serves its files."""
    throttle: Callable[[str], Reply] = _throttled
    """Answers "slow down", with the seconds to wait, as a text that may also be no number."""
    refusal: Reply = Reply(400)
    """Answers a request that will never be taken."""
    unauthorized: Reply = Reply(401)
    """Answers wrong credentials."""
    gone: Reply = Reply(404)
    """Answers that a file does not exist any more."""
    call_id: Callable[[Received], str] | None = None
    """Reads the host's id of a call; None: the provider has no field for it."""
    files: Sequence[tuple[MediaRef, bytes]] = ()
    """Files that `answer` serves: how `parse` names each, and its bytes."""
    announces_size: bool = False
    """Whether the size or hash of a file is known before its bytes, so that half a file is noticed."""
    silent: bool = False
    """Whether the channel never begins to speak: `render` gives no calls, and only files are fetched."""
    secrets: Sequence[str] = ()
    """Our credentials at the provider, in clear."""


class PeerServer:
    """A peer that is being served, at two addresses: its own, and one that nothing may be sent to."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.url = self.elsewhere = ""
        self.received: list[Received] = []
        self.strayed: list[Received] = []
        """What came to the other address."""
        self.script: Reply | Fault | None = None
        """What every request is answered, in place of the peer's own answer."""
        self.first_only = False
        """Whether only the first request is answered by the script."""
        self.halved = b""
        """A file of which only the first half is sent, as if that were all of it."""
        self.written = 0
        """Bytes written of an endless answer."""
        self._server: web.Server | None = None

    @property
    def connections(self) -> int:
        """Connections that are open."""
        return len(self._server.connections) if self._server else 0

    def answering(self, script: Reply | Fault | None, *, first_only: bool = False) -> Self:
        """Answer every request with this from now on, and forget what was received."""
        self.script, self.first_only, self.written = script, first_only, 0
        self.received.clear()
        self.strayed.clear()
        return self

    def said(self) -> list[Said]:
        """What the requests said, in order."""
        return [said for request in self.received if (said := self._peer.read(request)) is not None]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Self]:
        """Serve both addresses while the context is open."""
        self._server = server = web.Server(self._handle, access_log=None)
        loop = asyncio.get_running_loop()
        with socket.create_server(_LOCAL) as own, socket.create_server(_LOCAL) as other:
            listeners = [await loop.create_server(server, sock=listening) for listening in (own, other)]
            self.url, self.elsewhere = _url(own), _url(other)
            try:
                yield self
            finally:
                for listener in listeners:
                    listener.close()
                await server.shutdown(1)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        received = Received(
            self.url,
            request.method,
            request.path,
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        if f"http://{request.host}" == self.elsewhere:
            self.strayed.append(received)
            return web.Response()
        self.received.append(received)
        script = self.script
        if self.first_only:
            self.script = None
        if isinstance(script, Fault):
            return await self._fail(script, request)
        reply = script or self._peer.answer(received)
        body = reply.body[: len(reply.body) // 2] if self.halved and reply.body == self.halved else reply.body
        headers = {"Content-Type": "application/json", **reply.headers}
        return web.Response(status=reply.status, body=body, headers=headers)

    async def _fail(self, fault: Fault, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(ENDLESS_BYTES)})
        if fault is not Fault.HANG_UP:
            await response.prepare(request)
        if fault is Fault.ENDLESS:
            try:
                while self.written < ENDLESS_BYTES:
                    await response.write(_CHUNK)
                    self.written += len(_CHUNK)
            except (ConnectionError, asyncio.CancelledError):
                return response
        elif fault is Fault.HALF:
            await response.write(_CHUNK[:_HEAD_BYTES])
        if request.transport is not None:
            request.transport.close()
        return response


def _url(listening: socket.socket) -> str:
    # By name: a client keeps no cookies of a bare address.
    return f"http://localhost:{listening.getsockname()[1]}"
