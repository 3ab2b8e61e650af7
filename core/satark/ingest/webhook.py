"""Webhook endpoint of a channel: from the raw request to the answer after the commit.

It is an ASGI application of its own, ahead of the framework's middleware: every message of every citizen passes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from starlette.datastructures import Headers

from satark.channel import Malformed, Outcome, RawRequest, RawResponse
from satark.ingest.ingest import IngestFailed
from satark.ingest.unverified_bodies import BodyTooLarge, NoRoom
from satark.observability import log
from satark.store.writer import StoreDown

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from satark.channel import Batch, Channel, Endpoint
    from satark.ingest.ingest import Ingest
    from satark.ingest.unverified_bodies import UnverifiedBodies
    from satark.telemetry.metrics import Metrics


_UNAVAILABLE: Final = 503
_RETRY_AFTER: Final = b"5"
"""Seconds after which a provider that heeds it may send a message again that could not be taken."""


class _Refused(Exception):  # noqa: N818 - it reads as what it says
    """A request is refused before anything of it is parsed."""

    def __init__(self, answer: str, status: int, text: str) -> None:
        super().__init__(answer)
        self.answer = answer
        self.response = RawResponse(status=status, body=text.encode())


class WebhookEndpoint:
    """One endpoint of one channel: verify, parse, ingest, and only then answer."""

    def __init__(
        self, metrics: Metrics, ingest: Ingest, channel: Channel, endpoint: Endpoint, bodies: UnverifiedBodies
    ) -> None:
        """`bodies`: the bodies under way, shared by all endpoints of the process."""
        self._metrics = metrics
        self._ingest = ingest
        self._bodies = bodies
        self._channel = channel
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, once what it carries is durable: ingested or spooled.

        401 unsigned, 405 another method, 413 too large, 503 not ingested or no room, else whatever the channel replies.
        """
        answer, response = "not_ingested", RawResponse(status=_UNAVAILABLE, body=b"try again")
        try:
            raw = await self._verified(scope, receive)
            batch = self._parse(raw)
            outcome = await self._ingest.receive(self._channel, batch) if batch else Outcome()
            answer, response = outcome.state, self._channel.reply(raw, outcome)
        except _Refused as refused:
            answer, response = refused.answer, refused.response
        except (StoreDown, IngestFailed):
            pass  # the answer is what it was to begin with: the provider sends it again
        except Exception as error:  # noqa: BLE001 - not acknowledged, so the provider will send it again
            log.error("webhook failed, the provider will retry", channel=self._channel.name, error=type(error).__name__)
            answer = "failed"
        self._metrics.webhooks.count(self._channel.name, answer)
        await _respond(send, response)

    async def _verified(self, scope: Scope, receive: Receive) -> RawRequest:
        """Read and verify a request. What the headers rule out is refused before the body is read."""
        head = self._head(scope)
        if head.method == "GET":  # its body means nothing
            return self._checked(head)
        if self._endpoint.signature_header and self._endpoint.signature_header not in head.headers:
            raise _unsigned()
        if not self._endpoint.signs_body:
            self._checked(head)
        body = await self._read(receive)
        return self._checked(msgspec.structs.replace(head, body=body))

    def _head(self, scope: Scope) -> RawRequest:
        """Return the request without its body."""
        if scope["method"] not in self._endpoint.methods:
            raise _Refused("method", 405, "method not allowed")
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._endpoint.limit:
            raise _too_large()
        query = scope["query_string"].decode("latin-1")
        return RawRequest(method=scope["method"], path=scope["path"], query=query, headers=headers)

    def _checked(self, raw: RawRequest) -> RawRequest:
        if not self._channel.verify(raw):
            raise _unsigned()
        return raw

    async def _read(self, receive: Receive) -> bytes:
        try:
            return await self._bodies.read(receive, self._endpoint.limit)
        except BodyTooLarge:
            raise _too_large() from None
        except NoRoom:
            raise _Refused("no_room", _UNAVAILABLE, "try again") from None

    def _parse(self, raw: RawRequest) -> Batch | None:
        try:
            return self._channel.parse(raw)
        except Malformed:
            self._metrics.webhooks.count(self._channel.name, "malformed")
            return None


async def _respond(send: Send, response: RawResponse) -> None:
    """Send a response; without a general class, which costs a twentieth of a message's time."""
    kind = response.media_type.encode("latin-1")
    headers = [(b"content-length", b"%d" % len(response.body)), (b"content-type", kind)]
    if response.status == _UNAVAILABLE:
        headers.append((b"retry-after", _RETRY_AFTER))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _unsigned() -> _Refused:
    return _Refused("unsigned", 401, "unauthorized")


def _too_large() -> _Refused:
    return _Refused("too_large", 413, "too large")
