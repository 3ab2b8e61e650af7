"""Webhook endpoint of a channel: takes the raw request, and answers it after the commit.

It is an ASGI application without the framework's middleware, since every message of every citizen passes here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec
from starlette.types import Message, Receive, Scope, Send

from satark.api.channel import Channel, Endpoint, RawRequest, RawResponse
from satark.api.inbound import Batch, Malformed
from satark.api.observability import log
from satark.ingest.ingest import Ingest, IngestFailed
from satark.store.writer import StoreDown
from satark.telemetry.faults import refused_webhooks
from satark.telemetry.metrics import Metrics

_UNAVAILABLE: Final = 503
_RETRY_AFTER: Final = b"5"
"""Seconds after which a provider may resend a message that could not be ingested (`Retry-After`)."""
_TRY_AGAIN: Final = RawResponse(status=_UNAVAILABLE, body=b"try again")

FORGED_IN_A_ROW: Final = 20
"""Number of wrong signatures in a row that is reported as a fault: the secret is wrong, or somebody forges."""


class _Refused(Exception):  # noqa: N818 - it reads as what it says
    def __init__(self, answer: str, status: int, text: str) -> None:
        super().__init__(answer)
        self.answer = answer
        self.response = RawResponse(status=status, body=text.encode())


@dataclass(eq=False, repr=False)
class WebhookEndpoint:
    """One endpoint of one channel: verify, parse, ingest, and only then answer."""

    metrics: Metrics
    ingest: Ingest
    channel: Channel
    endpoint: Endpoint
    bodies: UnverifiedBodies
    """The bodies under way, shared by all endpoints of the process."""
    _forged: int = field(default=0, init=False)
    """Number of requests in a row with a wrong signature."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request as an ASGI application, once its content is durable (ingested or spooled).

        401: not signed; 405: another method; 413: too large; 503: not ingested, or no room; else the channel's reply.
        """
        try:
            answer, response = await self._take(await self._read(scope, receive))
        except _Refused as refused:
            answer, response = refused.answer, refused.response
        except (StoreDown, IngestFailed):
            answer, response = "not_ingested", _TRY_AGAIN
        except Exception as error:  # noqa: BLE001 - whatever it is, the provider shall send the request again
            name = type(error).__name__
            log.error("webhook failed, the provider will retry", channel=self.channel.name, error=name)
            answer, response = "failed", _TRY_AGAIN
        self.metrics.webhooks.count(self.channel.name, answer)
        await send({"type": "http.response.start", "status": response.status, "headers": headers_of(response)})
        await send({"type": "http.response.body", "body": response.body})

    async def _take(self, raw: RawRequest) -> tuple[str, RawResponse]:
        self._verify(raw)
        outcome = await self.ingest.receive(self.channel, self._parse(raw))
        return outcome.state, self.channel.reply(raw, outcome)

    async def _read(self, scope: Scope, receive: Receive) -> RawRequest:
        """Read a request. If its headers suffice to refuse the request, do not read the body."""
        query = scope["query_string"].decode("latin-1")
        headers = read_headers(scope["headers"])
        head = RawRequest(method=scope["method"], path=scope["path"], query=query, headers=headers)
        self._check_head(head)
        if head.method == "GET":  # its body means nothing
            return head
        if not self.endpoint.signs_body:
            self._verify(head)
        try:
            body = await self.bodies.read(receive, self.endpoint.limit)
        except BodyTooLarge:
            raise _too_large() from None
        except NoRoom:
            raise _Refused("no_room", _UNAVAILABLE, "try again") from None
        return msgspec.structs.replace(head, body=body)

    def _check_head(self, head: RawRequest) -> None:
        endpoint = self.endpoint
        if head.method not in endpoint.methods:
            raise _Refused("method", 405, "method not allowed")
        announced = head.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > endpoint.limit:
            raise _too_large()
        if head.method != "GET" and endpoint.signature_header and endpoint.signature_header not in head.headers:
            raise _unsigned()

    def _verify(self, raw: RawRequest) -> None:
        if not self.channel.verify(raw):
            self._forged += 1
            if self._forged >= FORGED_IN_A_ROW:
                self.metrics.faults.begin(refused_webhooks(self.channel.name))
            raise _unsigned()
        if raw.method != "GET" and self._forged:
            self._forged = 0
            self.metrics.faults.end(refused_webhooks(self.channel.name).code)

    def _parse(self, raw: RawRequest) -> Batch:
        try:
            return self.channel.parse(raw)
        except Malformed:
            self.metrics.webhooks.count(self.channel.name, "malformed")
            return Batch()


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Decode a request's headers, with names in lower case. A repeated signature is joined, and so invalid."""
    headers: dict[str, str] = {}
    for name, value in ((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw):
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def headers_of(response: RawResponse) -> list[tuple[bytes, bytes]]:
    """Return the headers of a response. Starlette's own class would take a twentieth of the time for a message."""
    kind = response.media_type.encode("latin-1")
    headers = [(b"content-length", b"%d" % len(response.body)), (b"content-type", kind)]
    if response.status == _UNAVAILABLE:
        headers.append((b"retry-after", _RETRY_AFTER))
    return headers


def _unsigned() -> _Refused:
    return _Refused("unsigned", 401, "unauthorized")


def _too_large() -> _Refused:
    return _Refused("too_large", 413, "too large")


class BodyTooLarge(Exception):  # noqa: N818 - it reads as what it says
    """A body is larger than its endpoint allows."""


class NoRoom(Exception):  # noqa: N818 - it reads as what it says
    """Too many bodies are under way, and this body has taken longest."""


class UnverifiedBodies:
    """The bodies under way in one process. A provider's body arrives quickly, so the oldest body is given up first."""

    def __init__(self, most_bytes: int) -> None:
        """`most_bytes`: most bytes that all bodies together may take."""
        self._most = most_bytes
        self._held = 0
        self._under_way: dict[_Body, None] = {}  # ordered by their beginning

    async def read(self, receive: Receive, limit: int) -> bytes:
        """Read a body. If the client leaves early, return the bytes that came: their signature can't be right.

        Raises:
            BodyTooLarge: the body is larger than `limit` bytes.
            NoRoom: the body was given up for others.
        """
        first = await receive()
        if not first.get("more_body", False):  # nearly every body: it came with the headers
            content: bytes = first.get("body", b"")
            if len(content) > limit:
                raise BodyTooLarge
            return content
        body = _Body()
        self._under_way[body] = None
        try:
            async with body.time:
                await self._collect(body, first, receive, limit)
        except TimeoutError:
            raise NoRoom from None
        finally:
            del self._under_way[body]
            self._held -= len(body.content)
        return bytes(body.content)

    async def _collect(self, body: _Body, message: Message, receive: Receive, limit: int) -> None:
        while True:
            content = message.get("body", b"")
            if len(body.content) + len(content) > limit:
                raise BodyTooLarge
            body.content += content
            self._held += len(content)
            if self._held > self._most:
                self._make_room()
            if not message.get("more_body", False):
                return
            message = await receive()

    def _make_room(self) -> None:
        oldest = next((body for body in self._under_way if not body.given_up), None)
        if oldest is not None:
            oldest.give_up()


class _Body:
    def __init__(self) -> None:
        self.content = bytearray()
        self.time = asyncio.timeout(None)
        self.given_up = False

    def give_up(self) -> None:
        """Make the reader of this body stop waiting."""
        self.given_up = True
        self.time.reschedule(asyncio.get_running_loop().time())
