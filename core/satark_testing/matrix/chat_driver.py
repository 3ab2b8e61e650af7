"""The driver of chats, which acts through a `Walker`: WhatsApp, Telegram."""

from __future__ import annotations

from typing import Any, Final

from satark_testing.dialogue.walking import LostError, Photo, Place, Walker
from satark_testing.matrix.driver import EVERYTHING, Ability
from satark_words.catalogues import Catalogue

_MAX_PAGES: Final = 12


class ChatDriver:
    """A tipster in a chat. Implements `satark_testing.matrix.driver.Driver`."""

    can: frozenset[Ability] = EVERYTHING

    def __init__(self, channel: str, walker: Walker[Any]) -> None:
        self.channel = channel
        self._walker = walker

    @property
    def last_answer(self) -> str:
        """The text of the last message."""
        return str(self._walker.last.text)

    async def greet(self) -> None:
        """Send "Hi"."""
        await self.type("Hi")

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Tap a button or row of the last message."""
        for _ in range(_MAX_PAGES):
            offers = {offer.label for offer in self._walker.last.offers}
            if label in offers or texts.text("command.more") not in offers:
                break
            await self._tap(texts.text("command.more"))
        await self._tap(label)

    async def command(self, name: str, texts: Catalogue) -> None:
        """Tap the command where it is offered, else type its word."""
        await self._walker.reply(texts.text(f"command.{name}"))
        await self._walker.hear()

    async def type(self, words: str) -> None:
        """Type words."""
        await self._walker.say(words)
        await self._walker.hear()

    async def speak(self, voice: bytes) -> None:
        """Send a voice message."""
        await self.send(Photo(voice, "audio/ogg", "voice"))

    async def point(self, place: Place) -> None:
        """Send a location."""
        await self._walker.pin(place)
        await self._walker.hear()

    async def send(self, file: Photo) -> None:
        """Send a file."""
        await self._walker.send(file)
        await self._walker.hear()

    async def leave(self) -> None:
        """Stop listening."""
        self._walker.leave()

    async def _tap(self, label: str) -> None:
        offers = [offer.label for offer in self._walker.last.offers]
        if label not in offers:
            raise LostError(f"{label!r} is not offered: {self.last_answer} {offers}")
        await self._walker.tap(label)
        await self._walker.hear()
