"""Telegram on a simulated phone: it posts updates to the webhook and shows the bot's calls to the Bot API."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from satark_demo.chat import Chat, NoSuchMessage, Publish
from satark_demo.messages import ChatMessage, MessageKind, Pin, SentFile, kind_of
from satark_testing.telegram.bot_api import BotMessage, TelegramPeer
from satark_testing.telegram.citizen import content
from satark_testing.telegram.messages import Person, Update

WEBHOOK = "/telegram/webhook"


class TelegramChat(Chat):
    """One user's chat with the bot."""

    medium = "telegram"
    typing_seconds = 5  # Source: Telegram, Bot API, `sendChatAction`.

    def __init__(self, number: int, peer: TelegramPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish, partial(peer.post, service + WEBHOOK))
        self.person = Person(id=7_000_000_000 + number, first_name=f"Citizen {number}", last_name=None)
        self._peer = peer
        peer.subscribe(self._show_sent, self.person.id)
        peer.watch(self._apply)

    def view(self) -> dict[str, Any]:
        """Return everything that the page shows, with the bot's command menus by language."""
        return {**super().view(), "menus": self._peer.menus}

    @property
    def addresses(self) -> tuple[str, ...]:
        return (str(self.person.id),)

    async def say(self, text: str, *, twice: bool) -> None:
        update = self._peer.updates.text(self.person, text)
        await self.send(ChatMessage(id=_id(update), mine=True, text=text), update, twice=twice)

    async def tap(self, message_id: str, token: str, *, twice: bool) -> None:
        """Tap a button of an inline keyboard; as in Telegram, the tap leaves no message in the chat."""
        message = self.messages.get(message_id)
        if message is None or token not in {offer.token for offer in message.offers}:
            raise NoSuchMessage
        tapped = {
            "message_id": int(message_id),
            "chat": self.person.chat(),
            "date": int(message.at),
            "text": message.text,
        }
        await self.post(self._peer.updates.tap(self.person, token, tapped), twice=twice)

    async def pin(self, pin: Pin, *, twice: bool) -> None:
        at = {"latitude": pin.latitude, "longitude": pin.longitude}
        venue = {"venue": {"location": at, "title": pin.name, "address": ""}} if pin.name else {}
        update = self._peer.updates.message(self.person, {"location": at, **venue})
        await self.send(ChatMessage(id=_id(update), mine=True, kind="location", pin=pin), update, twice=twice)

    async def file(self, file: SentFile, caption: str, *, voice: bool, twice: bool) -> None:
        kind = kind_of(file.mime, voice=voice)
        stored = self._peer.add_file(file.data)
        fields = {"caption": caption} if caption else {}
        update = self._peer.updates.message(self.person, {**content(kind, stored, file.mime), **fields})
        await self.send(self.keep(_id(update), file, caption, kind), update, twice=twice)

    async def edit(self, message_id: str, text: str, *, twice: bool) -> None:
        self.rewrite(message_id, text)
        await self.post(self._peer.updates.edit(self.person, int(message_id), {"text": text}), twice=twice)

    def _show_sent(self, sent: BotMessage) -> None:
        self.show_typing(typing=False)
        rows = tuple(map(len, sent.keyboard))
        kind: MessageKind = "voice" if sent.voice else "image" if sent.photo else "text"
        if stored := self._peer.files.get(sent.voice or sent.photo):
            mime = "audio/ogg" if sent.voice else "image/png"
            self.files[str(sent.id)] = SentFile(data=stored.data, mime=mime)
        self.show(ChatMessage(id=str(sent.id), mine=False, kind=kind, text=sent.text, offers=sent.offers, rows=rows))

    def _apply(self, method: str, parameters: Mapping[str, Any]) -> None:
        """Apply the bot's other calls to this chat: "typing…", removed keyboards, deleted messages."""
        if str(parameters.get("chat_id")) != str(self.person.id):
            return
        message_id = str(parameters.get("message_id", ""))
        if method == "sendChatAction":
            self.show_typing(typing=True)
        elif method == "editMessageReplyMarkup" and message_id in self.messages:
            self.show(msgspec.structs.replace(self.messages[message_id], offers=()))
        elif method in ("deleteMessage", "deleteMessages"):
            for deleted in parameters.get("message_ids", [message_id]):
                self._delete(str(deleted))

    def _delete(self, message_id: str) -> None:
        message = self.messages.get(message_id)
        if message is not None:
            self.show(ChatMessage(id=message_id, mine=message.mine, at=message.at, deleted=True))


def _id(update: Update) -> str:
    return str(update["message"]["message_id"])
