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

    from satark.channel import Batch, Channel, Endpoint
    from satark.ingest.ingest import Ingest
    from satark.telemetry.metrics import Metrics


class _Refused(Exception):  # noqa: N818 - it reads as what it says
    """A request is refused before anything of it is parsed."""

    def __init__(self, answer: str, status: int, text: str) -> None:
        super().__init__(answer)
        self.answer = answer
        self.response = PlainTextResponse(text, status)


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
        answer, response = "not_ingested", Response("try again", 503, media_type="text/plain")
        try:
            raw = await self._verified(scope, receive)
            batch = self._parse(raw)
            outcome = await self._ingest.receive(self._channel, batch) if batch else Outcome()
            reply = self._channel.reply(raw, outcome)
            answer, response = outcome.state, Response(reply.body, reply.status, media_type=reply.media_type)
        except _Refused as refused:
            answer, response = refused.answer, refused.response
        except (StoreDown, IngestFailed):
            pass  # the answer is what it was to begin with: the provider sends it again
        except Exception as error:  # noqa: BLE001 - not acknowledged, so the provider will send it again
            log.error("webhook failed, the provider will retry", channel=self._channel.name, error=type(error).__name__)
            answer = "failed"
        self._metrics.webhooks.labels(self._channel.name, answer).inc()
        await response(scope, receive, send)

    async def _verified(self, scope: Scope, receive: Receive) -> RawRequest:
        if scope["method"] not in self._endpoint.methods:
            raise _Refused("method", 405, "method not allowed")
        raw = await _read(scope, receive, self._endpoint.limit)
        if not self._channel.verify(raw):
            raise _Refused("unsigned", 401, "unauthorized")
        return raw

    def _parse(self, raw: RawRequest) -> Batch | None:
        try:
            return self._channel.parse(raw)
        except Malformed:
            self._metrics.webhooks.labels(self._channel.name, "malformed").inc()
            return None


async def _read(scope: Scope, receive: Receive, limit: int) -> RawRequest:
    """Read a request up to its limit in bytes; of a longer one the rest is not read."""
    headers = Headers(scope=scope)
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large()
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
            raise _too_large()
        more = message.get("more_body", False)
    return b"".join(chunks)


def _too_large() -> _Refused:
    return _Refused("too_large", 413, "too large")
