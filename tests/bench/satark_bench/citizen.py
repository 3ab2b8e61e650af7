"""A virtual citizen, who answers the bot until the receipt and then starts again as a new person."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

import httptools

from satark_bench.results import Counters
from satark_bench.webhooks import RECEIPT, BotMessage, Webhooks

MAX_TURNS = 40
"""Turns after which a citizen without a receipt gives up; the default questionnaire needs fewer than twenty."""

_BACK = ("Back", "पीछे")

_TEXTS = (
    "Three men sell liquor behind the old mill every evening",
    "पुराने बस अड्डे के पीछे हर शाम अवैध शराब बिकती है",
    "They come on a white motorcycle after dark",
    "चौकी से दो सौ मीटर आगे, नीम के पेड़ के पास",
)


class Citizen(asyncio.Protocol):
    """A citizen and their connection to the bot, with one webhook in flight.

    The next webhook is sent once the acknowledgement and the bot's reply have both arrived.
    """

    def __init__(
        self, webhooks: Webhooks, counters: Counters, chance: random.Random, renew: Callable[[Citizen], str]
    ) -> None:
        self._webhooks = webhooks
        self._counters = counters
        self._chance = chance
        self._renew = renew
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.WriteTransport | None = None
        self._number = ""
        self._turns = 0
        self._sent_at = 0.0
        self._acknowledged = True
        self._reply: BotMessage | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first message."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._begin()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which calls `on_message_complete`."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Record the acknowledgement of the webhook."""
        if self._parser.get_status_code() != 200:
            self._counters.refused += 1
        self._counters.acks.append(time.perf_counter() - self._sent_at)
        self._acknowledged = True
        self._advance()

    def receive(self, message: BotMessage) -> None:
        """Record the bot's reply, which may arrive before the acknowledgement."""
        if self._reply is None:
            self._counters.replies.append(time.perf_counter() - self._sent_at)
            self._reply = message
            self._advance()

    def is_unanswered(self) -> bool:
        """Return whether the last webhook has had no reply for over a second, as with a bot that loses messages."""
        return self._reply is None and time.perf_counter() - self._sent_at > 1

    def _advance(self) -> None:
        if self._reply is None or not self._acknowledged:
            return
        if RECEIPT.search(self._reply.body_text):
            self._counters.receipts += 1
            self._begin()
        elif self._turns >= MAX_TURNS:
            self._counters.gave_up += 1
            self._begin()
        else:
            self._send(answer(self._reply, self._turns, self._chance))

    def _begin(self) -> None:
        self._number = self._renew(self)
        self._turns = 0
        self._send(_text("Hi"))

    def _send(self, message: dict[str, Any]) -> None:
        assert self._transport is not None
        self._turns += 1
        self._acknowledged, self._reply = False, None
        request = self._webhooks.request(self._number, message)
        self._sent_at = time.perf_counter()
        self._transport.write(request)


def answer(message: BotMessage, turn: int, chance: random.Random) -> dict[str, Any]:
    """Return the message node that answers a message of the bot.

    The first question (the language) and lists get a random choice. Other buttons get the first one that is not "Back",
    or a text where "Back" is the only one.
    """
    offered = message.interactive
    if offered is None:
        return _text(chance.choice(_TEXTS))
    if offered.type == "location_request_message":
        return {"type": "location", "location": {"latitude": 25.3176, "longitude": 82.9739}}
    buttons = [button.reply for button in offered.action.buttons if button.reply.title not in _BACK]
    if offered.type == "button" and not buttons:
        return _text(chance.choice(_TEXTS))
    if buttons:
        tapped = chance.choice(buttons) if turn == 1 else buttons[0]
        return _interactive("button_reply", tapped.id, tapped.title)
    rows = [row for section in offered.action.sections for row in section.rows]
    row = chance.choice(rows[:5])
    return _interactive("list_reply", row.id, row.title)


def _text(body: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": body}}


def _interactive(kind: str, token: str, title: str) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, kind: {"id": token, "title": title}}}
