"""A virtual citizen, who answers the bot until the receipt comes and then starts again as a new person."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from support.bench.results import Counters
from support.bench.whatsapp_webhooks import RECEIPT, BotMessage

MAX_TURNS = 40
"""Number of turns after which a citizen without a receipt gives up. The default questionnaire needs fewer than twenty.
"""

_LEADS_AWAY = ("Back", "पीछे", "Continue elsewhere", "कहीं और जारी रखें")
"""Buttons that don't lead to the receipt."""

_TEXTS = (
    "Three men sell liquor behind the old mill every evening",
    "पुराने बस अड्डे के पीछे हर शाम अवैध शराब बिकती है",
    "They come on a white motorcycle after dark",
    "चौकी से दो सौ मीटर आगे, नीम के पेड़ के पास",
)


class Citizen:
    """One citizen: the next message, and the messages so far."""

    def __init__(
        self,
        counters: Counters,
        chance: random.Random,
        renew: Callable[[Citizen], str],
        first_turns: int = MAX_TURNS,
    ) -> None:
        """Make a citizen.

        Args:
            counters: the counters of the run.
            chance: the random source for the citizen's choices.
            renew: gives the citizen the number of a new person.
            first_turns: after so many turns they leave their first conversation and begin anew, so that citizens who
                begin together do not hand in their tips together.
        """
        self._counters = counters
        self._most_turns = first_turns
        self._chance = chance
        self._renew = renew
        self._turns = 0
        self._sent_at = 0.0
        self._heard: Callable[[], None] = _nothing
        self.number = ""
        self.reply: BotMessage | None = None

    def say(self, heard: Callable[[], None]) -> dict[str, Any]:
        """Return the next message. `heard` is called when its reply has come."""
        message = _text("Hi")
        if self.reply is None or self._has_ended(self.reply):
            if self.number:
                self._most_turns = MAX_TURNS
            self.number, self._turns = self._renew(self), 0
        else:
            message = answer(self.reply, self._turns, self._chance)
        self._turns += 1
        self._heard, self.reply, self._sent_at = heard, None, time.perf_counter()
        return message

    def receive(self, message: BotMessage) -> None:
        """Receive the bot's reply, which may come before the acknowledgement of the webhook."""
        if self.reply is None:
            self._counters.replies.append(time.perf_counter() - self._sent_at)
            self.reply = message
            self._heard()

    def is_unanswered(self) -> bool:
        """Return whether the last message has had no reply for over a second, because the bot may have lost it."""
        return self.reply is None and time.perf_counter() - self._sent_at > 1

    def _has_ended(self, reply: BotMessage) -> bool:
        if RECEIPT.search(reply.body_text):
            self._counters.receipts += 1
            return True
        self._counters.gave_up += self._turns >= MAX_TURNS
        return self._turns >= self._most_turns


def _nothing() -> None:
    """Do nothing with the reply."""


def answer(message: BotMessage, turn: int, chance: random.Random) -> dict[str, Any]:
    """Return the message node that answers a message of the bot.

    The first question (the language) and lists get a random choice. Other buttons get the first one that leads
    on, or a text where none does.
    """
    offered = message.interactive
    if offered is None:
        return _text(chance.choice(_TEXTS))
    if offered.type == "location_request_message":
        return {"type": "location", "location": {"latitude": 25.3176, "longitude": 82.9739}}
    buttons = [button.reply for button in offered.action.buttons if button.reply.title not in _LEADS_AWAY]
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
