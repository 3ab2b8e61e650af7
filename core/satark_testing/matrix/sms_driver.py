"""The driver of text messages: it answers by number, turns pages and attaches files."""

from __future__ import annotations

import re
from typing import Final

from satark_testing.dialogue.walking import LostError, Photo, Place
from satark_testing.matrix.driver import Ability
from satark_testing.twilio.people import Texter
from satark_words.catalogues import Catalogue, Catalogues


class SmsDriver:
    """A tipster who sends text messages. Implements `satark_testing.matrix.driver.Driver`.

    Args:
        texter: the phone.
        media: base URL of the provider, which serves attached files.
    """

    channel: Final = "sms"
    can: frozenset[Ability] = frozenset({"type", "send"})

    def __init__(self, texter: Texter, media: str) -> None:
        self._texter = texter
        self._media = media
        self.last_answer = ""

    async def greet(self) -> None:
        """Send "Hi"."""
        await self.type("Hi")

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Send the number of the option."""
        del texts
        found = re.search(rf"^(\d+) {re.escape(label)}$", self.last_answer, re.MULTILINE)
        if found is None:
            raise LostError(f"{label!r} is not offered: {self.last_answer}")
        await self.type(found[1])

    async def command(self, name: str, texts: Catalogue) -> None:
        """Send the command's word."""
        await self.type(texts.text(texts.own(f"command.{name}", self.channel)))

    async def type(self, words: str) -> None:
        """Send a message and read every page of the answer."""
        await self._read(await self._texter.say(words))

    async def speak(self, voice: bytes) -> None:
        """Send a recording."""
        await self.send(Photo(voice, "audio/ogg"))

    async def point(self, place: Place) -> None:
        """Raise: a text message can't point at a place."""
        raise LostError(f"no way to point at {place.name}")

    async def send(self, file: Photo) -> None:
        """Send a file with its caption."""
        await self._read(await self._texter.say(file.caption or "", (file.data, file.mime), base=self._media))

    async def leave(self) -> None:
        """Do nothing: there is no connection to end."""

    async def _read(self, messages: list[str]) -> None:
        pages = list(messages)
        while pages and pages[-1].endswith(_hints()):
            pages[-1] = pages[-1].rpartition("\n")[0]
            pages += await self._texter.say("M")
        self.last_answer = "\n".join(page.strip("\n") for page in pages)


def _hints() -> tuple[str, ...]:
    """The last line of every page but the last, in every language."""
    return tuple(f"\n{texts.text('sms.more')}" for texts in Catalogues.of("satark_sms_ivr"))
