"""A webhook gets the same answer whether its bytes arrive at once or in pieces; an ambiguous request is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import msgspec
import pytest
import uvicorn
from uvicorn.server import ServerState

from satark.api.channel import Channel, Outcome
from satark.api.inbound import Batch
from satark.ingest.ingest import Ingest, IngestFailed
from satark.ingest.webhook import UnverifiedBodies, WebhookEndpoint
from satark.runtime.http_connections import SETTINGS_STATE, TimedConnection, Waiting
from satark.settings.core import HttpSettings
from satark.store.writer import StoreDown
from satark.telemetry.metrics import Metrics
from satark_testing.waiting import until
from support.scripted import ScriptedChannel

BODY = b'[["asha","key-1","Hi"]]'
DATE = (b"date", b"Fri, 27 Nov 2026 10:00:00 GMT")
MOST = 100
"""Bytes of the largest body that is taken."""


class Takings:
    """Replaces ingest: it accepts batches, and the test decides the outcome of each."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[Outcome]] = []
        self.refuses = False

    async def receive(self, channel: Channel, batch: Batch) -> Outcome:
        if self.refuses:
            raise StoreDown
        if not batch.inbound:
            return Outcome()
        self.waiting.append(asyncio.get_running_loop().create_future())
        return await self.waiting[-1]


class Wire(asyncio.Transport):
    """The transport of a connection: it records the written bytes and whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """Nothing more is read: the tests write what they write."""

    def resume_reading(self) -> None:
        """As above."""


class Line:
    """A connection to a server with one webhook."""

    def __init__(self, idle_seconds: float = 5) -> None:
        self.ingest, self.wire, self.state = Takings(), Wire(), ServerState()
        self.state.default_headers = [DATE]
        channel = ScriptedChannel()
        usual = msgspec.structs.replace(channel.endpoints[0], limit=MOST)
        webhook = WebhookEndpoint(Metrics(), cast("Ingest", self.ingest), channel, usual, UnverifiedBodies(MOST))
        config = uvicorn.Config(
            cast("Any", webhook), proxy_headers=False, log_config=None, timeout_keep_alive=cast("int", idle_seconds)
        )
        self.connection = TimedConnection(config, self.state, {SETTINGS_STATE: HttpSettings()})
        self.connection.connection_made(self.wire)

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.connection.data_received(part)

    @property
    def answers(self) -> list[int]:
        """The status of each answer."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", self.wire.written)]

    def waits_for(self, what: Waiting) -> bool:
        return self.connection.waiting is what

    async def settle(self, outcome: Outcome | Exception) -> None:
        """Decide the outcome of the oldest waiting batch, once there is one."""
        await self.taken()
        waiting = self.ingest.waiting.pop(0)
        if isinstance(outcome, Exception):
            waiting.set_exception(outcome)
        else:
            waiting.set_result(outcome)

    async def taken(self) -> None:
        await until(lambda: bool(self.ingest.waiting))

    async def answered(self, count: int = 1) -> None:
        await until(lambda: len(self.answers) == count and not self.state.tasks)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    made = Line()
    yield made
    made.connection.connection_lost(None)


def request(body: bytes = BODY, *, version: str = "1.1", path: str = "/script", **headers: str) -> bytes:
    """Make a signed request."""
    named = {"x-signature": ScriptedChannel.sign(body), "content-length": str(len(body))}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"POST {path} HTTP/{version}", "host: x", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def in_parts(sent: bytes) -> Iterator[bytes]:
    """Cut a request within its body."""
    yield sent[:-1]
    yield sent[-1:]


def chunked(body: bytes) -> bytes:
    """Make a signed request that does not announce how long it is."""
    head = f"POST /script HTTP/1.1\r\nhost: x\r\nx-signature: {ScriptedChannel.sign(body)}\r\n"
    return f"{head}transfer-encoding: chunked\r\n\r\n{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"


def unsigned(sent: bytes) -> bytes:
    """Remove the signature from a request."""
    return re.sub(rb"x-signature: .*\r\n", b"", sent)


ASKED: dict[str, tuple[bytes, Outcome | Exception | None]] = {
    "taken": (request(), Outcome()),
    "in chunks": (chunked(BODY), Outcome()),
    "closing": (request(connection="close"), Outcome()),
    "not committed": (request(), IngestFailed()),
    "database down": (request(), StoreDown()),
    "broken": (request(), ValueError()),
    "malformed": (request(b"{"), None),
    "unsigned": (request(x_signature="0"), None),
    "too long": (request(b" " * (MOST + 1)), None),
    "too long in chunks": (chunked(b" " * (MOST + 1)), None),
}


@pytest.mark.parametrize(("sent", "outcome"), ASKED.values(), ids=ASKED)
async def test_an_answer_is_the_same_whichever_way_a_webhook_comes(
    sent: bytes, outcome: Outcome | Exception | None
) -> None:
    at_once, bit_by_bit = Line(), Line()
    at_once.send(sent)
    bit_by_bit.send(*in_parts(sent))
    for one in (at_once, bit_by_bit):
        if outcome is not None:
            await one.settle(outcome)
        await one.answered()
        assert one.wire.closed is (b"connection: close\r\n" in one.wire.written)
        one.connection.connection_lost(None)
    assert at_once.wire.written == bit_by_bit.wire.written


async def test_no_webhook_is_answered_before_it_is_on_disk(line: Line) -> None:
    line.send(request())
    assert line.waits_for(Waiting.RESPONSE)
    await line.taken()
    assert not line.wire.written
    await line.settle(Outcome())
    await line.answered()
    assert line.answers == [200]
    assert line.waits_for(Waiting.NEXT_REQUEST)


async def test_if_too_many_webhooks_wait_the_client_is_asked_to_resend(line: Line) -> None:
    line.ingest.refuses = True
    line.send(request())
    await line.answered()
    assert line.answers == [503]
    assert b"\r\nretry-after: 5\r\n" in line.wire.written


async def test_requests_that_come_together_are_answered_in_order(line: Line) -> None:
    line.send(request() + request(b"{") + request())
    await line.taken()
    assert len(line.ingest.waiting) == 1
    assert not line.answers
    await line.settle(IngestFailed())
    await line.settle(Outcome())
    await line.answered(3)
    assert line.answers == [503, 200, 200]


async def test_a_server_that_stops_answers_requests_under_way_and_closes_their_connections(line: Line) -> None:
    line.send(request())
    line.connection.shutdown()
    assert not line.wire.closed
    await line.settle(Outcome())
    await line.answered()
    assert line.answers == [200]
    assert line.wire.closed  # the oldest uvicorn that is allowed does not announce it


async def test_a_client_that_left_is_sent_nothing(line: Line) -> None:
    line.send(request())
    await line.taken()
    line.wire.close()
    line.connection.connection_lost(None)
    await line.settle(Outcome())
    await line.answered(0)
    assert not line.wire.written


async def test_bytes_that_are_not_http_are_refused_after_a_webhook(line: Line) -> None:
    line.send(chunked(BODY).replace(b"\r\n17\r\n", b"\r\nno number\r\n"))
    assert line.answers == [400]
    assert line.wire.closed
    assert not line.ingest.waiting


AMBIGUOUS = {
    "no host": request().replace(b"host: x\r\n", b""),
    "two hosts": request().replace(b"host: x", b"host: x\r\nhost: x"),
    "an empty host": request().replace(b"host: x", b"host: "),
    "a list of hosts": request().replace(b"host: x", b"host: x, y"),
    "two hosts in HTTP/1.0": request(version="1.0").replace(b"host: x", b"host: x\r\nHOST: y"),
    "a page without a host": b"GET / HTTP/1.1\r\n\r\n",
    "a signature behind the body": unsigned(chunked(BODY)).replace(
        b"\r\n0\r\n", b"\r\n0\r\nx-signature: %b\r\n" % ScriptedChannel.sign(BODY).encode()
    ),
    "anything behind the body": chunked(BODY).replace(b"\r\n0\r\n", b"\r\n0\r\nx: y\r\n"),
    "an origin behind a page's body": chunked(BODY)
    .replace(b"/script", b"/")
    .replace(b"\r\n0\r\n", b"\r\n0\r\norigin: https://x\r\n"),
    "two lengths": request().replace(b"host: x", b"host: x\r\ncontent-length: 3"),
    "the same length twice": request().replace(b"host: x", b"host: x\r\ncontent-length: %d" % len(BODY)),
    "two types": request(content_type="a").replace(b"host: x", b"host: x\r\ncontent-type: b"),
    "two origins": request(origin="https://x").replace(b"host: x", b"host: x\r\norigin: https://y"),
}


@pytest.mark.parametrize("sent", AMBIGUOUS.values(), ids=AMBIGUOUS)
@pytest.mark.parametrize("in_pieces", [False, True], ids=["at once", "bit by bit"])
async def test_a_request_that_can_be_read_in_two_ways_is_refused(line: Line, sent: bytes, *, in_pieces: bool) -> None:
    for piece in in_parts(sent) if in_pieces else [sent]:
        if not line.wire.closed:
            line.send(piece)
    assert line.answers == [400]
    assert line.wire.closed
    assert not line.ingest.waiting


async def test_a_repeated_signature_is_none(line: Line) -> None:
    signature = b"x-signature: %b\r\n" % ScriptedChannel.sign(BODY).encode()
    line.send(request().replace(signature, 2 * signature))
    await line.answered()
    assert line.answers == [401]


async def test_a_health_check_of_http_1_0_may_name_no_host(line: Line) -> None:
    line.send(b"GET /script HTTP/1.0\r\n\r\n")
    await line.answered()
    assert line.answers == [405]


@pytest.mark.parametrize(
    "sent", [request(version="1.0"), request(path="/script?a=1"), request(expect="100-continue")], ids=str
)
async def test_an_unusual_request_is_answered_too(line: Line, sent: bytes) -> None:
    line.send(sent)
    await line.settle(Outcome())
    await line.answered(1 + (b"100-continue" in sent))


async def test_nothing_more_is_written_to_a_client_that_does_not_read(line: Line) -> None:
    line.connection.pause_writing()
    line.send(request())
    await line.settle(Outcome())
    assert not line.wire.written
    line.connection.resume_writing()
    await line.answered()


async def test_an_idle_connection_ends_but_not_one_that_waits_for_an_answer() -> None:
    waits, idle = Line(idle_seconds=0.01), Line(idle_seconds=0.01)
    waits.send(request())
    idle.send(request())
    await idle.settle(Outcome())
    await until(lambda: idle.wire.closed)
    await idle.answered()
    assert idle.answers == [200]
    assert not waits.wire.closed
    await waits.settle(Outcome())
    await until(lambda: waits.wire.closed)
