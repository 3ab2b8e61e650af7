"""The driver of phone calls: keys that were named, and a voice after the beep."""

from __future__ import annotations

import re
from typing import Final

from satark.catalogues import Catalogue
from satark.testing.dialogue.walking import LostError, Photo, Place
from satark.testing.matrix.driving import Ability
from satark.testing.twilio.people import Caller

_KEYS: Final = {"back": "9", "leave": "9", "cancel": "9", "skip": "8", "done": "8", "repeat": "#", "clear": "7"}
_MOST_PAGES: Final = 12


class CallDriver:
    """Somebody who calls, and can neither write nor read. Implements `satark.testing.matrix.driving.Driver`."""

    channel: Final = "voice"
    can: frozenset[Ability] = frozenset()

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @property
    def heard(self) -> str:
        """The lines of the last answer."""
        return self._caller.question

    async def greet(self) -> None:
        """Hang up, where a call goes on, and call."""
        self._caller.hang_up()
        await self._caller.dial()

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Press the key that is named for it, listening to further options until it is."""
        del texts
        for _ in range(_MOST_PAGES):
            if key := self._key(label):
                await self._caller.press(key)
                return
            await self._caller.press("8")
        raise LostError(f"{label!r} is not offered: {self.heard}")

    async def command(self, name: str, texts: Catalogue) -> None:
        """Press the key of a command. To start, which has one, leads to those that have none."""
        if name in _KEYS:
            await self._caller.press(_KEYS[name])
            return
        await self._caller.press("*")
        if name == "elsewhere":
            await self._caller.press("9")
            return
        way = {"language": "restart.language", "forget": "restart.yes"}[name]
        if self._key(texts.text(way)):
            await self.choose(texts.text(way), texts)

    async def type(self, words: str) -> None:
        """A keypad writes no words."""
        raise LostError(f"no way to type {words!r}")

    async def speak(self, voice: bytes) -> None:
        """Speak after the beep."""
        await self._caller.speak(voice)

    async def point(self, place: Place) -> None:
        """A voice points at nothing."""
        raise LostError(f"no way to point at {place.name}")

    async def send(self, file: Photo) -> None:
        """A phone sends no files."""
        raise LostError(f"no way to send {file.mime}")

    async def leave(self) -> None:
        """Hang up."""
        self._caller.hang_up()

    def _key(self, label: str) -> str:
        spoken = r"\s*[/,]\s*".join(map(re.escape, re.split(r"\s*/\s*", label)))
        named = rf"^{spoken}: (?:press (\d)\.|(\d) दबाएँ।)$"
        found = re.search(named, self.heard, re.MULTILINE)
        return next(filter(None, found.groups()), "") if found else ""
