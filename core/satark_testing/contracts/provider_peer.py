"""The other side of a channel or a sink, as its author describes it. The kit serves it over HTTP on this machine."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from itertools import pairwise
from typing import Any, Final, NamedTuple, Self, TypeAlias, TypeVar

import msgspec
from aiohttp import web
from msgspec.json import encode
from msgspec.structs import replace

from satark.api.channel import Channel
from satark.api.inbound import MediaRef
from satark.api.outbound import SendResult
from satark.api.prompt import Choice
from satark_testing.contracts.certificates import untrusted
from satark_testing.contracts.mutations import json_of
from satark_testing.contracts.rules import raised, require

T = TypeVar("T")
Asked: TypeAlias = tuple[str, str]

ENDLESS_BYTES: Final = 64 * 1024 * 1024
_CHUNK: Final = bytes(1024 * 1024)
_HEAD_BYTES: Final = 64 * 1024
_BETWEEN_SECONDS: Final = 0.01
_LAST_BYTES_SECONDS: Final = 1
_LAST_TURNS: Final = 500
_TURN_SECONDS: Final = 0.001
_ERROR: Final = 400
_LOCAL: Final = ("127.0.0.1", 0)
BY_CHANCE: Final = 5
"""Letters of a text that a log may contain by chance."""
TOKEN: Final = b'"access_token"'
_SLOW_PIECES: Final = 150
_SLOW_SECONDS: Final = 5
"""Seconds between two pieces of a slow file."""
_part_name: Final = re.compile(rb'name="([^"]*)"')


class Received(NamedTuple):
    """One request that the channel made to the peer."""

    url: str
    """The peer's own base URL, such as `http://127.0.0.1:49152`."""
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """The headers, with names in lower case."""
    body: bytes

    @property
    def asked(self) -> "Asked":
        """The method and the path."""
        return self.method, self.path

    @property
    def parts(self) -> Mapping[str, bytes]:
        """The fields and files of a form (`multipart/form-data`), by name."""
        boundary = self.headers.get("content-type", "").partition("boundary=")[2].strip('"')
        parts = (one.partition(b"\r\n\r\n") for one in self.body.split(f"--{boundary}".encode())[1:-1])
        return {name[1].decode(): part[:-2] for head, _, part in parts if (name := _part_name.search(head))}


class Said(NamedTuple):
    """The text of one request, its recipient, the file that it brings or names, and its buttons or rows."""

    to: str
    text: str
    file: bytes = b""
    """A voice note or a receipt's picture, without encoding; of one that was uploaded before, the uploaded bytes."""
    choices: Sequence[Choice] = ()
    """The buttons or rows, in order: what a tap returns as `token`, and what is shown as `label` and `description`.
    Required of a channel with buttons or rows."""


class Reply(msgspec.Struct, frozen=True):
    """The answer of the provider to a request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Fault(Enum):
    """A network fault."""

    HANG_UP = "the provider hangs up"
    ENDLESS = "an answer without end"
    HALF = "the connection ends half-way"
    STALL = "the provider accepts the request and never answers"
    STALL_LATER = "the provider sends some of a file, and then nothing"
    PIECES = "the provider's own answer comes in two pieces"
    SLOW = "the provider's own answer comes slowly, and never stops"
    LOST = "the request is carried out, and its answer is lost"
    LATE = "the request is carried out once `released` is set"


Script: TypeAlias = Reply | Fault | Callable[[Reply], Reply] | None


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A service that a channel or a sink calls. Fields that are left out get defaults that suit most of them."""

    answer: Callable[[Received], Reply] = lambda _: Reply()
    """Answers a request that the provider accepts, and serves its files."""
    throttle: Callable[[str], Reply] = lambda seconds: Reply(429, headers={"Retry-After": seconds})
    """Makes the answer "slow down" with the seconds to wait. The seconds are a text, which may be no number."""
    refusal: Reply = Reply(400)
    """The answer to a request that the provider never accepts."""
    unauthorized: Reply = Reply(401)
    """The answer to wrong credentials."""
    secrets: Sequence[str] = ()
    """Satark's credentials at the provider, unencrypted."""


class Peer(Provider, frozen=True, kw_only=True):
    """The provider of a channel. Fields that are left out get defaults that suit most HTTP services."""

    channel: Callable[[str], Channel]
    """Makes a channel that uses the provider at a base URL."""
    read: Callable[[Received], Said | None]
    """Reads a request's recipient, text and file; None if it reaches nobody (an upload, a status).

    A template is read too, with its name as the text, so that its recipient is checked. A channel with `voice_notes`
    is made with `sample_channel_context()`: `answer` keeps what it uploads, and this gives the bytes as `Said.file`."""
    results: Sequence[tuple[Reply, type | SendResult]] = ()
    """Further answers of the provider and what `send` returns for each, such as `(Reply(470), WindowClosed)`: a class,
    or the whole result, as each `Throttled(after=…, scope=…)` must be.

    With `WindowClosed`, `notice` must give a fallback, which is sent too."""
    fallbacks: Mapping[str, str] = {}
    """By language: what the fallback of a notice in it holds, such as its template's name. Required with
    `WindowClosed`."""
    gone: Reply = Reply(404)
    """The answer to a request for a deleted file."""
    call_id: Callable[[Received], str] | None = None
    """Reads the host's call id from a request; None if the provider has no field for it."""
    files: Sequence[tuple[MediaRef, bytes]] = ()
    """Files that `answer` serves: the reference that `parse` gives for each, and its bytes. Each has an id of 6 letters
    or more, which is looked for in logs."""
    files_public: bool | None = None
    """Whether a file is given to whoever has its address, as by another host than the API's: no credential belongs into
    its request, and its host answers neither `unauthorized` nor `throttle`. Required with `files`."""
    deletes: Callable[[Received], str] | None = None
    """Reads the id of the file that a request deletes (`""` if it deletes none), if the provider stores files until
    they are deleted."""
    announces_size: bool = False
    """Whether the provider announces a file's size or hash outside the references of `files`."""
    silent: bool = False
    """Whether the channel never starts a conversation: `render` returns no calls, and the channel only fetches files.
    """


class PeerServer:
    """A running peer with two addresses: its own, and one to which the plugin must send nothing."""

    def __init__(self, peer: Provider, quotes: str = "") -> None:
        self._peer, self._quotes = peer, quotes
        self.url = self.elsewhere = ""
        self.received: list[Received] = []
        self.asked = asyncio.Event()
        """Set by the next request after `answering`."""
        self.released = asyncio.Event()
        self.strayed: list[Received] = []
        """Requests that came to the second address."""
        self.script: Script = None
        """The answer or fault for every request, in place of the peer's own answer; or what changes that answer."""
        self.replies: list[Reply] = []
        """The peer's own answers since `answering`."""
        self.gives_tokens = set[Asked]()
        """Requests that the peer answered with an `access_token` (RFC 6749)."""
        self.spoiled: Mapping[bytes, bytes] = {}
        """Files in place of which other bytes are sent."""
        self.credentials = {*peer.secrets}
        """Satark's credentials: those that the peer names, and those that came in the header `Authorization`."""
        self._headers, self._addresses = "", ""
        self.moved = ""
        """The origin that stands in the peer's answers in place of its own; empty: its own."""
        self.written = 0
        """Number of bytes of an endless answer that were written."""
        self._at: int | None = None
        self._only: Received | None = None
        self._beside: Collection[Asked] = ()
        self._server: web.Server | None = None

    @property
    def addressed(self) -> list[str]:
        """The credentials that stood in an address, although the provider takes them in a header."""
        return [one for one in self.credentials if one in self._headers and one in self._addresses]

    @property
    def connections(self) -> int:
        """Number of open connections."""
        return len(self._server.connections) if self._server else 0

    def answering(
        self, script: Script, at: int | None = None, only: Received | None = None, beside: Collection[Asked] = ()
    ) -> Self:
        """Answer every request with this from now on, and forget the requests so far.

        `at`: only the next request with this position, from 0, and its repetitions. `only`: this request and its
        repetitions. `beside`: requests that get their own answer, and do not count.
        """
        self.script, self.written, self._at, self._only, self._beside = script, 0, at, only, beside
        self.received.clear()
        self.replies.clear()
        self.asked.clear()
        self.strayed.clear()
        return self

    async def begun(self, work: Coroutine[Any, Any, T], fault: Fault, at: int | None = None) -> "asyncio.Task[T]":
        """Begin `work`; return once the fault meets its request with this position, or its first one."""
        self.answering(fault, at)
        task = asyncio.ensure_future(work)
        await asyncio.wait({task, asyncio.ensure_future(self.asked.wait())}, return_when=asyncio.FIRST_COMPLETED)
        return task

    async def stalling(
        self,
        work: Coroutine[Any, Any, T],
        seconds: float,
        rule: str,
        subject: str,
        fault: Fault = Fault.STALL,
        *,
        at: int | None = None,
    ) -> T:
        """Never answer; return what `work` returns within `seconds`. The clock of the event loop is put forward."""
        task = await self.begun(work, fault, at)
        advance_clock(seconds)
        done, _ = await asyncio.wait({task}, timeout=_LAST_BYTES_SECONDS)
        task.cancel()
        await asyncio.wait({task})
        require(done, rule, subject, "it still waits: the client has no timeout, or a longer one")
        found = task.exception()
        require(found is None, rule, subject, raised(found) if found else "")
        return task.result()

    def heard(self) -> list[tuple[Received, Said]]:
        """The requests that reach somebody, in order."""
        read = self._peer.read if isinstance(self._peer, Peer) else lambda _: None
        return [(request, said) for request in self.received if (said := read(request)) is not None]

    def said(self) -> list[Said]:
        """What the requests say, in order."""
        return [said for _, said in self.heard()]

    async def closed(self) -> bool:
        """Wait until no connection is left; give up after a second."""
        loop, turns = asyncio.get_running_loop(), 0
        end = loop.time() + _LAST_BYTES_SECONDS
        while self.connections and (turns < _LAST_TURNS or loop.time() < end):
            turns += 1
            await asyncio.sleep(_TURN_SECONDS)
        return not self.connections

    @asynccontextmanager
    async def serving(self, *, impostor: bool = False) -> AsyncIterator[Self]:
        """Serve both addresses while the context is open; an impostor by TLS, with a certificate that nobody trusts."""
        self._server = server = web.Server(self._handle, access_log=None)
        loop, context = asyncio.get_running_loop(), untrusted() if impostor else None
        with socket.create_server(_LOCAL) as own, socket.create_server(_LOCAL) as other:
            listeners = [await loop.create_server(server, sock=listening, ssl=context) for listening in (own, other)]
            self.url, self.elsewhere = (_url(one, "https" if impostor else "http") for one in (own, other))
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
        if request.host.rpartition(":")[2] == self.elsewhere.rpartition(":")[2]:
            self.strayed.append(received)
            return _sent(self._peer.answer(received)) if self.moved else web.Response()
        self.received.append(received)
        credential = received.headers.get("authorization", "").rpartition(" ")[2]
        self.credentials |= {credential} if len(credential) > BY_CHANCE else set()
        self._headers += f"{received.headers}\n"
        self._addresses += f"{received.path} {received.query}\n"
        script = self._script_for(received)
        if script is not Fault.STALL_LATER and (script is not None or self._at is None):
            self.asked.set()
        if script is Fault.STALL:
            await _until_it_gives_up(request)
        if script is Fault.LATE:
            await self.released.wait()
            script = None
        if script is Fault.LOST:
            self._peer.answer(received)
            await asyncio.sleep(_BETWEEN_SECONDS)  # it may be cancelled now
        if isinstance(script, Fault) and script not in {Fault.PIECES, Fault.SLOW}:
            return await self._fail(script, request)
        reply = self._quoting(script) if isinstance(script, Reply) else self._peer.answer(received)
        if not isinstance(script, Reply):
            reply = script(reply) if callable(script) else reply
            self.replies.append(reply)
            self.gives_tokens |= {received.asked} if TOKEN in reply.body else set()
        body = self.spoiled.get(reply.body, reply.body)
        reply = replace(reply, body=body.replace(self.url.encode(), (self.moved or self.url).encode()))
        return await _send_in_pieces(request, reply, script) if isinstance(script, Fault) else _sent(reply)

    def _script_for(self, received: Received) -> Script:
        if received.asked in self._beside:
            return None
        counted = [one for one in self.received if one.asked not in self._beside]
        if len(counted) - 1 == self._at:
            self._only = received
        if self._only is None:
            return self.script if self._at is None else None
        same = (self._only.asked, self._only.query) == (received.asked, received.query)
        return self.script if same and (self._at is not None or self._only.body == received.body) else None

    def _quoting(self, reply: Reply) -> Reply:
        """Let an error quote what it refuses."""
        if reply.status < _ERROR or not self._quotes:
            return reply
        data = json_of(reply.body) if reply.body else {}
        return replace(reply, body=encode({"quoted": self._quotes, **data}) if isinstance(data, dict) else reply.body)

    async def _fail(self, fault: Fault, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(ENDLESS_BYTES)})
        if fault not in {Fault.HANG_UP, Fault.LOST}:
            try:
                await response.prepare(request)
            except ConnectionError:  # the client has gone
                return response
        if fault is Fault.ENDLESS:
            try:
                while self.written < ENDLESS_BYTES:
                    await response.write(_CHUNK)
                    self.written += len(_CHUNK)
            except (ConnectionError, asyncio.CancelledError):
                return response
        elif fault in {Fault.HALF, Fault.STALL_LATER}:
            await response.write(_CHUNK[:_HEAD_BYTES])
        if fault is Fault.STALL_LATER:
            await asyncio.sleep(_BETWEEN_SECONDS)  # until the client has read them
            self.asked.set()
            await _until_it_gives_up(request)
        if request.transport is not None:
            request.transport.close()
        return response


async def _until_it_gives_up(request: web.BaseRequest) -> None:
    while request.transport is not None:  # noqa: ASYNC110 - the client says nothing when it goes
        await asyncio.sleep(_BETWEEN_SECONDS)


def _sent(reply: Reply) -> web.Response:
    headers = {"Content-Type": "application/json", **reply.headers}
    return web.Response(status=reply.status, body=reply.body, headers=headers)


async def _send_in_pieces(request: web.BaseRequest, reply: Reply, fault: Fault) -> web.StreamResponse:
    size, slow = len(reply.body), fault is Fault.SLOW
    response = web.StreamResponse(status=reply.status, headers={"Content-Length": str(size)})
    await response.prepare(request)
    ends = range(0, size + 1, max(1, size // _SLOW_PIECES)) if slow else (0, 1)
    for begin, end in pairwise((*ends, size)):
        await response.write(reply.body[begin:end])
        await asyncio.sleep(_TURN_SECONDS if slow else _BETWEEN_SECONDS)
        advance_clock(_SLOW_SECONDS if slow else 0)
    return response


class _Clock:
    """The clock of an event loop, which can be put forward and never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self.ahead = clock, 0.0

    def __call__(self) -> float:
        return self._clock() + self.ahead


def advance_clock(seconds: float) -> None:
    """Put the clock of the running event loop forward."""
    loop: Any = asyncio.get_running_loop()
    if not isinstance(loop.time, _Clock):
        loop.time = _Clock(loop.time)
    loop.time.ahead += seconds


def _url(listening: socket.socket, scheme: str) -> str:
    # By name: a client keeps no cookies of a bare address.
    return f"{scheme}://localhost:{listening.getsockname()[1]}"
