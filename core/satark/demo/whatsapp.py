"""WhatsApp on a pretended phone: all it sends is a signed webhook, all it shows came through the Graph API."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from satark.demo.bubbles import Bubble, File, Pin, heard, kind_of
from satark.demo.chat import Chat, NoSuchMessage, Publish
from satark.demo.traces import traces
from satark.testing.whatsapp.webhooks import Sender, wamid

if TYPE_CHECKING:
    from satark.testing.whatsapp.graph_api import GraphPeer, Sent

WEBHOOK = "/whatsapp/webhook"


class WhatsAppChat(Chat):
    """One chat."""

    medium = "whatsapp"

    def __init__(self, number: int, peer: GraphPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish)
        self.sender = Sender(wa_id=f"9199999{number:05}", name=f"Citizen {number}")
        self._peer = peer
        self._webhook = service + WEBHOOK
        peer.subscribe(self._hear, self.sender.wa_id)
        peer.subscribe_receipts(self._receipt)

    async def say(self, text: str, *, twice: bool) -> None:
        """Type a message."""
        bubble = Bubble(id=wamid(self.sender), mine=True, text=text)
        await self._send(bubble, self._peer.webhooks.text(self.sender, text, id=bubble.id), twice=twice)

    async def tap(self, message: str, token: str, *, twice: bool) -> None:
        """Tap a button, or pick a row of a list."""
        offers = self.bubbles[message].offers if message in self.bubbles else ()
        offer = next((offer for offer in offers if offer.token == token), None)
        if offer is None:
            raise NoSuchMessage
        bubble = Bubble(id=wamid(self.sender), mine=True, text=offer.label)
        body = self._peer.webhooks.tap(self.sender, token, offer.label, row=offer.row, id=bubble.id)
        await self._send(bubble, body, twice=twice)

    async def pin(self, pin: Pin, *, twice: bool) -> None:
        """Send a location."""
        bubble = Bubble(id=wamid(self.sender), mine=True, kind="location", pin=pin)
        body = self._peer.webhooks.location(
            self.sender, pin.latitude, pin.longitude, name=pin.name or None, id=bubble.id
        )
        await self._send(bubble, body, twice=twice)

    async def file(self, file: File, caption: str, *, voice: bool, twice: bool) -> None:
        """Send a file."""
        kind = kind_of(file.mime, voice=voice)
        bubble = Bubble(
            id=wamid(self.sender),
            mine=True,
            kind=kind,
            text=caption,
            mime=file.mime,
            name=file.name,
            traces=traces(file.data) if kind == "image" else (),
        )
        self.files[bubble.id] = file
        node = self._peer.add_media(file.data, file.mime)
        name = file.name if kind == "document" else None
        body = self._peer.webhooks.media(
            self.sender, kind, node, caption=caption or None, filename=name or None, id=bubble.id
        )
        await self._send(bubble, body, twice=twice)

    async def edit(self, message: str, text: str, *, twice: bool) -> None:
        """Rewrite a typed message."""
        bubble = self.own(message)
        if bubble.kind != "text":
            raise NoSuchMessage
        self.show(msgspec.structs.replace(bubble, text=text, edited=True))
        await self._post(self._peer.webhooks.edit(self.sender, message, text), twice=twice)

    async def revoke(self, message: str, *, twice: bool) -> None:
        """Delete a message for everyone."""
        self.show(Bubble(id=message, mine=True, at=self.own(message).at, deleted=True))
        self.files.pop(message, None)
        await self._post(self._peer.webhooks.revoke(self.sender, message), twice=twice)

    def _receipt(self, receipt: dict[str, Any]) -> None:
        """Take a read receipt of the bot: blue ticks, and perhaps "typing…"."""
        message = receipt["message_id"]
        if message in self.bubbles:
            self.tick(message, "read")
            # A bot is done typing once it has answered, whatever comes late.
            self.type(typing="typing_indicator" in receipt and message == next(reversed(self.bubbles)))

    def _hear(self, sent: Sent) -> None:
        self.type(typing=False)
        self.show(heard(sent))
        self.later(self._report(sent))

    async def _report(self, sent: Sent) -> None:
        """Tell the bot, as Meta does, that its message arrived and was read."""
        for status in ("delivered", "read"):
            body = self._peer.webhooks.status(sent.id, status, self.sender, callback_data=sent.callback_data or None)
            await self._post(body, twice=False)

    async def _send(self, bubble: Bubble, body: bytes, *, twice: bool) -> None:
        await self.send(bubble, partial(self._peer.post, self._webhook, body), twice=twice)

    async def _post(self, body: bytes, *, twice: bool) -> None:
        await self.post(partial(self._peer.post, self._webhook, body), twice=twice)
