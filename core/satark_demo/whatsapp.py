"""WhatsApp on a simulated phone: it posts signed webhooks and shows the service's calls to the Graph API."""

from functools import partial
from typing import Any

from satark_demo.chat import Chat, NoSuchMessage, Publish
from satark_demo.messages import ChatMessage, MessageKind, Pin, SentFile, kind_of
from satark_testing.whatsapp.graph_api import BusinessMessage, GraphPeer
from satark_testing.whatsapp.messages import Sender, wamid

WEBHOOK = "/whatsapp/webhook"


class WhatsAppChat(Chat):
    """One person's chat with the business account."""

    medium = "whatsapp"

    def __init__(self, number: int, peer: GraphPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish)
        self.sender = Sender(wa_id=f"9199999{number:05}", name=f"Citizen {number}")
        self._peer = peer
        self._webhook = service + WEBHOOK
        peer.subscribe(self._show_sent, self.sender.wa_id)
        peer.subscribe_receipts(self._show_receipt)

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.sender.wa_id, self.sender.user_id)))

    async def say(self, text: str, *, twice: bool) -> None:
        message = ChatMessage(id=wamid(self.sender), mine=True, text=text)
        await self._send(message, self._peer.webhooks.text(self.sender, text, id=message.id), twice=twice)

    async def tap(self, message_id: str, token: str, *, twice: bool) -> None:
        offers = self.messages[message_id].offers if message_id in self.messages else ()
        offer = next((offer for offer in offers if offer.token == token), None)
        if offer is None:
            raise NoSuchMessage
        message = ChatMessage(id=wamid(self.sender), mine=True, text=offer.label)
        body = self._peer.webhooks.tap(self.sender, token, offer.label, row=offer.row, id=message.id)
        await self._send(message, body, twice=twice)

    async def pin(self, pin: Pin, *, twice: bool) -> None:
        message = ChatMessage(id=wamid(self.sender), mine=True, kind="location", pin=pin)
        body = self._peer.webhooks.location(
            self.sender, pin.latitude, pin.longitude, name=pin.name or None, id=message.id
        )
        await self._send(message, body, twice=twice)

    async def file(self, file: SentFile, caption: str, *, voice: bool, twice: bool) -> None:
        kind = kind_of(file.mime, voice=voice)
        message = self.keep(wamid(self.sender), file, caption, kind)
        node = self._peer.add_media(file.data, file.mime)
        name = file.name if kind == "document" else None
        body = self._peer.webhooks.media(
            self.sender, kind, node, caption=caption or None, filename=name or None, id=message.id
        )
        await self._send(message, body, twice=twice)

    async def edit(self, message_id: str, text: str, *, twice: bool) -> None:
        self.rewrite(message_id, text)
        await self._post(self._peer.webhooks.edit(self.sender, message_id, text), twice=twice)

    async def revoke(self, message_id: str, *, twice: bool) -> None:
        self.show(ChatMessage(id=message_id, mine=True, at=self.own_message(message_id).at, deleted=True))
        self.files.pop(message_id, None)
        await self._post(self._peer.webhooks.revoke(self.sender, message_id), twice=twice)

    def _show_receipt(self, receipt: dict[str, Any]) -> None:
        """Show the service's read receipt as blue ticks, and "typing…" if the receipt asks for it."""
        message_id = receipt["message_id"]
        if message_id in self.messages:
            self.set_ticks(message_id, "read")
            # An answer ends the typing, even if the receipt arrives after it.
            self.show_typing(typing="typing_indicator" in receipt and message_id == next(reversed(self.messages)))

    def _show_sent(self, sent: BusinessMessage) -> None:
        self.show_typing(typing=False)
        kind: MessageKind = "text"
        if media := self._peer.shelf.files.get(sent.media_id):
            kind = "voice" if sent.kind == "audio" else "image"
            self.files[sent.id] = SentFile(data=media.data, mime=media.mime)
        self.show(
            ChatMessage(
                id=sent.id,
                mine=False,
                kind=kind,
                text=sent.text,
                menu=sent.menu_label,
                offers=sent.offers,
                asks_location=sent.kind == "location_request_message",
            )
        )
        self.start(self._report(sent))

    async def _report(self, sent: BusinessMessage) -> None:
        """Report to the service, as Meta does, that its message was delivered and read."""
        for status in ("delivered", "read"):
            body = self._peer.webhooks.status(sent.id, status, self.sender, callback_data=sent.callback_data or None)
            await self._post(body, twice=False)

    async def _send(self, message: ChatMessage, body: bytes, *, twice: bool) -> None:
        await self.send(message, partial(self._peer.post, self._webhook, body), twice=twice)

    async def _post(self, body: bytes, *, twice: bool) -> None:
        await self.post(partial(self._peer.post, self._webhook, body), twice=twice)
