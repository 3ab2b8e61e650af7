"""A virtual Telegram user: writes, taps, sends locations and files, and reads the bot's answers."""

import time
from typing import Any

from satark_testing.dialogue.walking import Photo, Place, Walker
from satark_testing.telegram.bot_api import TelegramPeer
from satark_testing.telegram.messages import BotMessage, Person, Update
from satark_testing.waiting import LIMIT_SECONDS

_DATED = int(time.time())


class TelegramCitizen(Walker[BotMessage]):
    """One user of a peer. Use it as `async with`, or call `leave` at the end.

    Args:
        peer: the simulated Telegram.
        person: the user's identity.
        webhook: the bot's webhook address; empty: the one that the bot registered, or its polling.
        patience: seconds to wait for an answer of the bot.
    """

    def __init__(
        self, peer: TelegramPeer, person: Person, webhook: str = "", *, patience: float = LIMIT_SECONDS
    ) -> None:
        super().__init__(patience)
        self.person = person
        self.wrote: list[int] = []
        """The ids of the messages that the user wrote."""
        self._peer = peer
        self._webhook = webhook
        self._leave = [peer.subscribe(self._inbox.put_nowait, person.id)]

    async def say(self, text: str) -> str:
        return await self._bring(self._peer.updates.text(self.person, text))

    async def tap(self, choice: str) -> str:
        token = self.offered(choice).token
        under = next(sent for sent in reversed(self.heard) if sent.offers)
        message = {"message_id": under.id, "chat": self.person.chat(), "date": _DATED, "text": under.text}
        return await self._bring(self._peer.updates.tap(self.person, token, message))

    async def pin(self, place: Place) -> str:
        at = {"latitude": place.latitude, "longitude": place.longitude}
        venue = {"venue": {"location": at, "title": place.name, "address": ""}} if place.name else {}
        return await self._message({"location": at, **venue})

    async def send(self, photo: Photo) -> str:
        file = self._peer.add_file(photo.data)
        caption = {"caption": photo.caption} if photo.caption else {}
        return await self._message({**content(photo.kind, file, photo.mime, photo.name), **caption})

    async def edit(self, original: str, text: str) -> str:
        """Edit an earlier message; return its id."""
        return await self._bring(self._peer.updates.edit(self.person, int(original), {"text": text}))

    async def _message(self, body: dict[str, Any]) -> str:
        return await self._bring(self._peer.updates.message(self.person, body))

    async def _bring(self, update: Update) -> str:
        await self._peer.deliver(update, self._webhook)
        if "message" in update:
            self.wrote.append(update["message"]["message_id"])
        content: Any = update.get("message") or update.get("edited_message") or update["callback_query"]["message"]
        return str(content["message_id"])


def content(kind: str, file: dict[str, Any], mime: str = "", name: str | None = None) -> dict[str, Any]:
    """Build a message's file as Telegram does for each kind (image, video, audio, voice, document)."""
    if kind == "image":
        small = {**file, "file_id": f"small-{file['file_id']}", "file_size": 1, "width": 90, "height": 60}
        return {"photo": [small, {**file, "width": 1280, "height": 853}]}
    named = {"file_name": name or f"{kind} of mine"} if kind in ("document", "audio", "video") else {}
    length = {} if kind == "document" else {"duration": 3}
    size = {"width": 640, "height": 480} if kind == "video" else {}
    return {kind: {**file, **named, **length, **size, "mime_type": mime}}
