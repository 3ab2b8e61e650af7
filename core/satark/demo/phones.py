"""The phones on the simulator's page, and what they can be told to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from satark.demo.bubbles import Pin
from satark.demo.phone import Phone, Publish

if TYPE_CHECKING:
    from satark.testing.graph import GraphPeer

FIRST = 2
"""Phones that are there from the beginning."""
MOST = 20

_LONGEST_TEXT = 4096


class _Act(msgspec.Struct, frozen=True, kw_only=True, tag_field="act"):
    twice: bool = False
    """Whether the webhook is posted twice at the same moment, as Meta sometimes does."""


class Say(_Act, frozen=True, kw_only=True, tag="say"):
    """Type a message."""

    text: str

    async def do(self, phone: Phone) -> None:
        """Do it."""
        await phone.say(self.text[:_LONGEST_TEXT], twice=self.twice)


class Tap(_Act, frozen=True, kw_only=True, tag="tap"):
    """Tap an offer of a message."""

    message: str
    token: str

    async def do(self, phone: Phone) -> None:
        """Do it."""
        await phone.tap(self.message, self.token, twice=self.twice)


class SendPin(_Act, frozen=True, kw_only=True, tag="pin"):
    """Send a location."""

    pin: Pin

    async def do(self, phone: Phone) -> None:
        """Do it."""
        await phone.pin(self.pin, twice=self.twice)


class Edit(_Act, frozen=True, kw_only=True, tag="edit"):
    """Rewrite a message."""

    message: str
    text: str

    async def do(self, phone: Phone) -> None:
        """Do it."""
        await phone.edit(self.message, self.text[:_LONGEST_TEXT], twice=self.twice)


class Revoke(_Act, frozen=True, kw_only=True, tag="revoke"):
    """Delete a message for everyone."""

    message: str

    async def do(self, phone: Phone) -> None:
        """Do it."""
        await phone.revoke(self.message, twice=self.twice)


Act: TypeAlias = Say | Tap | SendPin | Edit | Revoke


class Phones:
    """All phones. They are kept in memory: a restart of the demo is a drawer of new phones with the same numbers."""

    def __init__(self, peer: GraphPeer, webhook: str, publish: Publish) -> None:
        self._peer = peer
        self._webhook = webhook
        self._publish = publish
        self._phones: dict[str, Phone] = {}
        peer.subscribe_receipts(self._read)
        for _ in range(FIRST):
            self._make()

    def __getitem__(self, phone: str) -> Phone:
        """Give a phone; `KeyError` where there is none of this id."""
        return self._phones[phone]

    def view(self) -> list[dict[str, Any]]:
        """Give all that the page shows of them."""
        return [phone.view() for phone in self._phones.values()]

    def add(self) -> Phone | None:
        """Take one more phone out of the drawer; None where it is empty."""
        if len(self._phones) >= MOST:
            return None
        phone = self._make()
        self._publish({"what": "phone", "phone": phone.view()})
        return phone

    def _make(self) -> Phone:
        phone = Phone(len(self._phones) + 1, self._peer, self._webhook, self._publish)
        self._phones[phone.id] = phone
        return phone

    def _read(self, receipt: dict[str, Any]) -> None:
        for phone in self._phones.values():
            phone.read(receipt["message_id"], typing="typing_indicator" in receipt)
