"""Connections that answer webhooks without a task. Nearly every message of every citizen comes this way.

If a webhook's body is complete after the bytes that came are parsed, the webhook needs no task, no event and no ASGI
messages. Every other request is left to uvicorn: another path, an incomplete body, a request behind another one, a
client that does not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from satark.api.channel import RawRequest, RawResponse
from satark.ingest.webhook import headers_of, read_headers

if TYPE_CHECKING:
    from satark.ingest.webhook import WebhookEndpoint

WEBHOOKS_STATE: Final = "satark_webhooks"
"""Key of the endpoints (by path) in the state of the application's lifespan. Without this key there are none."""


class Exchange:
    """A webhook and its answer. It replaces uvicorn's `RequestResponseCycle` and has the same attributes."""

    __slots__ = ("body", "disconnected", "endpoint", "keep_alive", "response_complete")

    message_event = asyncio.Event()
    """uvicorn sets this event; nobody waits for it."""

    def __init__(self, endpoint: WebhookEndpoint, *, keep_alive: bool) -> None:
        self.endpoint = endpoint
        self.keep_alive = keep_alive
        """Whether the connection stays open after the answer; uvicorn clears it when it is told to stop."""
        self.body = bytearray()
        self.disconnected = False
        self.response_complete = False


class WebhookConnection(HttpToolsProtocol):
    """One connection: it answers complete webhooks, and leaves everything else to uvicorn."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._webhooks: Mapping[str, WebhookEndpoint] = self.app_state.get(WEBHOOKS_STATE) or {}
        self._coming: Exchange | None = None
        """The webhook whose body is still incomplete."""

    def data_received(self, data: bytes) -> None:
        """Parse the bytes that came; leave a webhook that is still incomplete to uvicorn."""
        super().data_received(data)
        if self._coming is not None and not self.transport.is_closing():
            self._take_the_usual_way(self._coming)

    def on_headers_complete(self) -> None:
        """Hold a webhook back until all that came is parsed. `data_received` leaves an incomplete one to uvicorn."""
        endpoint = self._webhooks.get(self.url.decode("latin-1"))
        if endpoint is None or not self._can_answer():
            super().on_headers_complete()
            return
        self._coming = Exchange(endpoint, keep_alive=self.parser.should_keep_alive())
        self._stand_in(self._coming)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if self._coming is None:
            super().on_body(body)
        else:
            self._coming.body += body

    def on_message_complete(self) -> None:
        """Answer a webhook: its request is complete."""
        exchange, self._coming = self._coming, None
        if exchange is None:
            super().on_message_complete()
            return
        method, path = self.parser.get_method().decode("ascii"), self.url.decode("latin-1")
        raw = RawRequest(method=method, path=path, headers=read_headers(self.headers), body=bytes(exchange.body))
        exchange.endpoint.answer(raw, partial(self._respond, exchange))

    def _can_answer(self) -> bool:
        """Whether a webhook may be answered here: it needs nothing special, and no request before it is under way."""
        before: RequestResponseCycle | None = self.cycle  # None: this is the first
        return not (
            (before is not None and not before.response_complete)
            or self.flow.write_paused
            or self.expect_100_continue
            or self.parser.should_upgrade()
            or self.parser.get_method() != b"POST"
            or self.parser.get_http_version() != "1.1"
        )

    def _take_the_usual_way(self, exchange: Exchange) -> None:
        self._coming = None
        self._stand_in(None)
        super().on_headers_complete()
        super().on_body(bytes(exchange.body))

    def _stand_in(self, exchange: Exchange | None) -> None:
        self.cycle = cast("RequestResponseCycle", exchange)

    def _respond(self, exchange: Exchange, response: RawResponse) -> None:
        exchange.response_complete = True
        if self.transport.is_closing():
            return
        headers = [*self.server_state.default_headers, *headers_of(response)]
        if not exchange.keep_alive:
            headers.append((b"connection", b"close"))
        lines = [b"%b: %b\r\n" % header for header in headers]
        self.transport.write(b"".join((STATUS_LINE[response.status], *lines, b"\r\n", response.body)))
        if not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()
