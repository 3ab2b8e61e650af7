"""WhatsApp's formats: signed webhooks from Meta, and the bot's messages to the Graph API.

They follow Meta's Cloud API webhooks (field `messages`) and `POST /{phone_number_id}/messages`.
"""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Sequence
from typing import Any

import msgspec

WEBHOOK_PATH = "/whatsapp/webhook"
PHONE_NUMBER_ID = "106540352242922"
RECEIPT = re.compile(r"\d{4}(?:[ \u00a0-]\d{4}){3}")
"""A receipt code: four groups of four digits, in any language."""


class Reply(msgspec.Struct, frozen=True):
    """The token and label that a tap sends back."""

    id: str
    title: str


class Button(msgspec.Struct, frozen=True):
    """One reply button."""

    reply: Reply


class Section(msgspec.Struct, frozen=True):
    """One section of a list."""

    rows: tuple[Reply, ...] = ()


class Action(msgspec.Struct, frozen=True):
    """The choices of an interactive message."""

    buttons: tuple[Button, ...] = ()
    sections: tuple[Section, ...] = ()


class TextPart(msgspec.Struct, frozen=True):
    """A text: `body` in a text message, `text` in an interactive one."""

    body: str = ""
    text: str = ""


class Interactive(msgspec.Struct, frozen=True):
    """Buttons, a list, or a request for a location."""

    type: str
    body: TextPart = TextPart()
    action: Action = Action()


class BotMessage(msgspec.Struct, frozen=True):
    """One call of the bot to `messages`; a read receipt or typing indicator has no recipient."""

    to: str = ""
    text: TextPart = TextPart()
    interactive: Interactive | None = None

    @property
    def body_text(self) -> str:
        """The text of the message."""
        return self.interactive.body.text if self.interactive else self.text.body


class Webhooks:
    """Makes signed webhook requests of one business number."""

    def __init__(self, app_secret: str) -> None:
        self._secret = app_secret.encode()
        self._sent = 0

    def request(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> bytes:
        """Return the HTTP request for messages of senders: (number, message)."""
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID},
            "contacts": [{"profile": {"name": "A citizen"}, "wa_id": sender} for sender, _ in messages],
            "messages": [self._identity(sender) | message for sender, message in messages],
        }
        change = {"field": "messages", "value": value}
        entry = {"id": "102290129340398", "changes": [change]}
        return self._signed(json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode())

    def _identity(self, sender: str) -> dict[str, str]:
        self._sent += 1
        return {"from": sender, "id": f"wamid.{self._sent:024d}", "timestamp": str(int(time.time()))}

    def _signed(self, body: bytes) -> bytes:
        head = (
            f"POST {WEBHOOK_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-Hub-Signature-256: sha256={hmac.digest(self._secret, body, 'sha256').hex()}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body
