"""The driver of text messages: it reads the numbers, turns pages, and attaches files."""

from __future__ import annotations

import re
from typing import Final

from satark.catalogues import Catalogue
from satark.testing.dialogue.walking import LostError, Photo, Place
from satark.testing.matrix.driving import Ability
from satark.testing.twilio.people import Texter

_MORE: Final = re.compile(r"^.*: (?:reply )?M$", re.MULTILINE)
"""The line that stands below a page that is not the last."""


class TextDriver:
    """Somebody who writes text messages. Implements `satark.testing.matrix.driving.Driver`.

    Args:
        texter: who.
        media: base address of the provider, where attached files lie.
    """

    channel: Final = "sms"
    can: frozenset[Ability] = frozenset({"type", "send"})

    def __init__(self, texter: Texter, media: str) -> None:
        self._texter = texter
        self._media = media
        self.heard = ""

    async def greet(self) -> None:
        """Say "Hi"."""
        await self.type("Hi")

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Send the number that stands before the label."""
        del texts
        found = re.search(rf"^(\d+) {re.escape(label)}$", self.heard, re.MULTILINE)
        if found is None:
            raise LostError(f"{label!r} is not offered: {self.heard}")
        await self.type(found[1])

    async def command(self, name: str, texts: Catalogue) -> None:
        """Send its word."""
        await self.type(texts.text(texts.own(f"command.{name}", self.channel)))

    async def type(self, words: str) -> None:
        """Send a message, and read every page of the answer."""
        await self._read(await self._texter.say(words))

    async def speak(self, voice: bytes) -> None:
        """Send a recording."""
        await self.send(Photo(voice, "audio/ogg"))

    async def point(self, place: Place) -> None:
        """A text message points at nothing."""
        raise LostError(f"no way to point at {place.name}")

    async def send(self, file: Photo) -> None:
        """Send a file, with its words."""
        await self._read(await self._texter.say(file.caption or "", (file.data, file.mime), base=self._media))

    async def leave(self) -> None:
        """Nothing: a message is over once it is read."""

    async def _read(self, told: list[str]) -> None:
        pages = list(told)
        while pages and _MORE.search(pages[-1]):
            pages[-1] = _MORE.sub("", pages[-1])
            pages += await self._texter.say("M")
        self.heard = "\n".join(page.strip("\n") for page in pages)
