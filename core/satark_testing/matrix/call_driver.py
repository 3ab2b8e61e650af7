"""The driver of phone calls: it presses the keys that are announced and speaks after the beep."""

from __future__ import annotations

import re
from typing import Final

from satark_testing.dialogue.walking import LostError, Photo, Place
from satark_testing.matrix.driver import Ability
from satark_testing.twilio.people import Caller
from satark_words.catalogues import Catalogue, Catalogues

_KEYS: Final = {"back": "9", "leave": "9", "cancel": "9", "skip": "8", "done": "8", "repeat": "#", "clear": "7"}
_UNKNOWN: Final = "0"
"""The key for "don't know", the same at every question."""
_MAX_PAGES: Final = 12


class CallDriver:
    """A tipster on the phone, who can neither type nor send files. Implements `satark_testing.matrix.driver.Driver`."""

    channel: Final = "voice"
    can: frozenset[Ability] = frozenset()

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @property
    def last_answer(self) -> str:
        """The lines of the last answer."""
        return self._caller.question

    async def greet(self) -> None:
        """End the current call, if there is one, and call."""
        self._caller.hang_up()
        await self._caller.dial()

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Press the key that is announced for the option, asking for more options until it is."""
        if label == texts.text("option.unknown"):
            await self._caller.press(_UNKNOWN)
            return
        for _ in range(_MAX_PAGES):
            if key := self._key(label):
                await self._caller.press(key)
                return
            await self._caller.press("8")
        raise LostError(f"{label!r} is not offered: {self.last_answer}")

    async def command(self, name: str, texts: Catalogue) -> None:
        """Press the key of a command; commands without a key are reached by the star key."""
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
        """Raise: a keypad can't type words."""
        raise LostError(f"no way to type {words!r}")

    async def speak(self, voice: bytes) -> None:
        """Speak after the beep."""
        await self._caller.speak(voice)

    async def point(self, place: Place) -> None:
        """Raise: a call can't point at a place."""
        raise LostError(f"no way to point at {place.name}")

    async def send(self, file: Photo) -> None:
        """Raise: a call can't send files."""
        raise LostError(f"no way to send {file.mime}")

    async def leave(self) -> None:
        """Hang up."""
        self._caller.hang_up()

    def _key(self, label: str) -> str:
        spoken = r"\s*[/,]\s*".join(map(re.escape, re.split(r"\s*/\s*", label)))
        for wording in _wordings():
            announced = re.escape(wording).replace(r"\{label\}", spoken).replace(r"\{key\}", r"(\d)")
            if found := re.search(rf"^{announced}$", self.last_answer, re.MULTILINE):
                return found[1]
        return ""


def _wordings() -> set[str]:
    """The ways to announce an option's key, in every language."""
    return {texts.get(key) for texts in Catalogues.of("satark_sms_ivr") for key in ("choose", "choose.next")}
