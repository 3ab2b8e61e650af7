"""The interface of a driver, which acts for a tipster on one medium."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from satark_testing.dialogue.walking import Photo, Place
from satark_words.catalogues import Catalogue

Ability: TypeAlias = Literal["type", "point", "send"]
"""What some media can't do: type words, point at a place on a map, send files of any kind."""

EVERYTHING: frozenset[Ability] = frozenset({"type", "point", "send"})


class Driver(Protocol):
    """A tipster on one medium. Every action waits for the service's answer and stores it in `last_answer`.

    Every action raises `satark_testing.dialogue.walking.LostError` where it is not offered or gets no answer.
    """

    @property
    def channel(self) -> str:
        """The channel's name, which selects texts of its own."""

    @property
    def can(self) -> frozenset[Ability]:
        """What the medium can do."""

    @property
    def last_answer(self) -> str:
        """The whole last answer: every page of a text message, every line of a call."""

    async def greet(self) -> None:
        """Begin, or begin again in the middle of a conversation: send "Hi", call, open the page."""

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Choose the option with this label, turning pages until it is found."""

    async def command(self, name: str, texts: Catalogue) -> None:
        """Give a command by its button, its word, its key, or its equivalent on this medium."""

    async def type(self, words: str) -> None:
        """Type words; only where `can` contains `type`."""

    async def speak(self, voice: bytes) -> None:
        """Send a voice recording."""

    async def point(self, place: Place) -> None:
        """Send a place on the map; only where `can` contains `point`."""

    async def send(self, file: Photo) -> None:
        """Send a file; only where `can` contains `send`."""

    async def leave(self) -> None:
        """Hang up or close the page, without waiting for anything."""
