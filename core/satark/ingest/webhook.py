"""Webhook endpoint of a channel: from the raw request to the answer after the commit.

It is an ASGI application of its own, ahead of the framework's middleware: every message of every citizen passes here.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

from satark.channel import Malformed, Outcome, RawRequest
from satark.ingest.ingest import IngestFailed
from satark.observability import log
from satark.store.writer import StoreDown

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from satark.channel import Channel, Endpoint
    from satark.ingest.ingest import Ingest
    from satark.telemetry.metrics import Metrics


class TooLarge(Exception):  # noqa: N818 - it reads as what it says
    """A body is longer than its endpoint accepts."""


class WebhookEndpoint:
    """One endpoint of one channel: verify, parse, ingest, and only then answer."""

    def __init__(self, metrics: Metrics, ingest: Ingest, channel: Channel, endpoint: Endpoint) -> None:
        self._metrics = metrics
        self._ingest = ingest
        self._channel = channel
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, once what it carries is durable: ingested or spooled.

        401 unsigned, 405 another method, 413 too large, 503 not ingested, else whatever the channel replies.
        """
        answer, response = await self._answer(scope, receive)
        self._metrics.webhooks.labels(self._channel.name, answer).inc()
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[str, Response]:
        if scope["method"] not in self._endpoint.methods:
            return "method", PlainTextResponse("method not allowed", 405)
        try:
            raw = await _read(scope, receive, self._endpoint.limit)
        except TooLarge:
            return "too_large", PlainTextResponse("too large", 413)
        if not self._channel.verify(raw):
            return "unsigned", PlainTextResponse("unauthorized", 401)
        try:
            outcome = await self._receive(raw)
        except (StoreDown, IngestFailed):
            return "not_ingested", PlainTextResponse("try again", 503)
        except Exception as error:  # noqa: BLE001 - not acknowledged, so the provider will send it again
            log.error("webhook failed, the provider will retry", channel=self._channel.name, error=type(error).__name__)
            return "failed", PlainTextResponse("try again", 503)
        reply = self._channel.reply(raw, outcome)
        return outcome.state, Response(reply.body, reply.status, media_type=reply.media_type)

    async def _receive(self, raw: RawRequest) -> Outcome:
        try:
            batch = self._channel.parse(raw)
        except Malformed:
            self._metrics.webhooks.labels(self._channel.name, "malformed").inc()
            return Outcome()
        return await self._ingest.receive(self._channel, batch)


async def _read(scope: Scope, receive: Receive, limit: int) -> RawRequest:
    """Read a request up to its limit in bytes; of a longer one the rest is not read."""
    headers = Headers(scope=scope)
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise TooLarge
    return RawRequest(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=await _body(receive, limit),
    )


async def _body(receive: Receive, limit: int) -> bytes:
    chunks, size, more = [], 0, True
    while more:
        # A client that disconnects sends no more: the part of the body that came is not signed, and is refused.
        message: MutableMapping[str, Any] = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise TooLarge
        more = message.get("more_body", False)
    return b"".join(chunks)
