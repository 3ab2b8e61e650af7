"""Telegram on a pretended phone: all it sends is an update, all it shows came through the Bot API."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from satark.demo.bubbles import Bubble, File, Pin, kind_of
from satark.demo.chat import Chat, NoSuchMessage, Publish
from satark.demo.traces import traces
from satark.testing.telegram.citizen import content
from satark.testing.telegram.updates import Person, Update

if TYPE_CHECKING:
    from satark.testing.telegram.bot_api import Sent, TelegramPeer

WEBHOOK = "/telegram/webhook"


class TelegramChat(Chat):
    """One user's chat with the bot."""

    medium = "telegram"
    typing_seconds = 5  # Source: Telegram, Bot API, `sendChatAction`.

    def __init__(self, number: int, peer: TelegramPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish)
        self.person = Person(id=7_000_000_000 + number, first_name=f"Citizen {number}", last_name=None)
        self._peer = peer
        self._webhook = service + WEBHOOK
        peer.subscribe(self._hear, self.person.id)
        peer.watch(self._watch)

    def view(self) -> dict[str, Any]:
        """Give everything that the page shows of it, the bot's menus by language too."""
        return {**super().view(), "menus": self._peer.menus}

    async def say(self, text: str, *, twice: bool) -> None:
        """Type a message, or a command with its slash."""
        update = self._peer.updates.text(self.person, text)
        await self._send(Bubble(id=_id(update), mine=True, text=text), update, twice=twice)

    async def tap(self, message: str, token: str, *, twice: bool) -> None:
        """Tap a button of an inline keyboard. Nothing of it stands in the chat, as with Telegram."""
        bubble = self.bubbles.get(message)
        if bubble is None or token not in {offer.token for offer in bubble.offers}:
            raise NoSuchMessage
        under = {"message_id": int(message), "chat": self.person.chat(), "date": int(bubble.at), "text": bubble.text}
        await self._post(self._peer.updates.tap(self.person, token, under), twice=twice)

    async def pin(self, pin: Pin, *, twice: bool) -> None:
        """Send a location, or a venue where it has a name."""
        at = {"latitude": pin.latitude, "longitude": pin.longitude}
        venue = {"venue": {"location": at, "title": pin.name, "address": ""}} if pin.name else {}
        update = self._peer.updates.message(self.person, {"location": at, **venue})
        await self._send(Bubble(id=_id(update), mine=True, kind="location", pin=pin), update, twice=twice)

    async def file(self, file: File, caption: str, *, voice: bool, twice: bool) -> None:
        """Send a file."""
        kind = kind_of(file.mime, voice=voice)
        stored = self._peer.add_file(file.data)
        named = {"caption": caption} if caption else {}
        update = self._peer.updates.message(self.person, {**content(kind, stored, file.mime), **named})
        found = traces(file.data) if kind == "image" else ()
        bubble = Bubble(
            id=_id(update), mine=True, kind=kind, text=caption, mime=file.mime, name=file.name, traces=found
        )
        self.files[bubble.id] = file
        await self._send(bubble, update, twice=twice)

    async def edit(self, message: str, text: str, *, twice: bool) -> None:
        """Rewrite a typed message."""
        bubble = self.own(message)
        if bubble.kind != "text":
            raise NoSuchMessage
        self.show(msgspec.structs.replace(bubble, text=text, edited=True))
        await self._post(self._peer.updates.edit(self.person, int(message), {"text": text}), twice=twice)

    def _hear(self, sent: Sent) -> None:
        self.type(typing=False)
        rows = tuple(map(len, sent.keyboard))
        self.show(Bubble(id=str(sent.id), mine=False, text=sent.text, offers=sent.offers, rows=rows))

    def _watch(self, method: str, given: Mapping[str, Any]) -> None:
        """See what else the bot does in this chat: it types, takes keyboards away, deletes messages."""
        if str(given.get("chat_id")) != str(self.person.id):
            return
        message = str(given.get("message_id", ""))
        if method == "sendChatAction":
            self.type(typing=True)
        elif method == "editMessageReplyMarkup" and message in self.bubbles:
            self.show(msgspec.structs.replace(self.bubbles[message], offers=()))
        elif method in ("deleteMessage", "deleteMessages"):
            for one in given.get("message_ids", [message]):
                self._forget(str(one))

    def _forget(self, message: str) -> None:
        bubble = self.bubbles.get(message)
        if bubble is not None:
            self.show(Bubble(id=message, mine=bubble.mine, at=bubble.at, deleted=True))

    async def _send(self, bubble: Bubble, update: Update, *, twice: bool) -> None:
        await self.send(bubble, partial(self._peer.post, self._webhook, update), twice=twice)

    async def _post(self, update: Update, *, twice: bool) -> None:
        await self.post(partial(self._peer.post, self._webhook, update), twice=twice)


def _id(update: Update) -> str:
    return str(update["message"]["message_id"])
