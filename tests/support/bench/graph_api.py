"""A minimal stub of Meta's Graph API: it answers 200, passes on the bot's messages, and serves one photo."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httptools
import msgspec

from support.bench import photos
from support.bench.whatsapp_webhooks import BotMessage

_read = msgspec.json.Decoder(BotMessage).decode
_BODY = (
    b'{"messaging_product":"whatsapp","contacts":[{"input":"917000000000","wa_id":"917000000000"}],'
    b'"messages":[{"id":"wamid.stub"}]}'
)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)


class GraphConnection(asyncio.Protocol):
    """One keep-alive connection of the bot's client."""

    def __init__(self, receive: Callable[[BotMessage], None], seconds: float = 0.0) -> None:
        """Make a connection. `seconds` is the delay before each answer."""
        self._receive = receive
        self._seconds = seconds
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.WriteTransport | None = None
        self._body = self._path = self._host = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport for the answers."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which calls the methods below."""
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._path = b""

    def on_url(self, url: bytes) -> None:
        """Collect the path."""
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note the host name under which the stub is called."""
        if name.lower() == b"host":
            self._host = value

    def on_body(self, body: bytes) -> None:
        """Collect the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Answer after the delay, and pass on the message."""
        body, self._body = self._body, b""
        if self._parser.get_method() == b"GET":
            self._write(photos.serve(self._path, self._host))
        elif self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, self._answer, body)
        else:
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        self._write(_ANSWER)
        if body:
            self._receive(_read(body))

    def _write(self, answer: bytes) -> None:
        assert self._transport is not None
        self._transport.write(answer)
