"""What somebody on a medium can do, whatever the medium."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from satark.catalogues import Catalogue
from satark.testing.dialogue.walking import Photo, Place

Ability: TypeAlias = Literal["type", "point", "send"]
"""What not every medium lets one do: type words, point at a place on the map, send files of any kind."""

EVERYTHING: frozenset[Ability] = frozenset({"type", "point", "send"})


class Driver(Protocol):
    """Somebody on one medium. Every act waits for the answer and leaves it in `heard`.

    Every one of them may raise `satark.testing.dialogue.walking.LostError`: it is not offered, or nothing is answered.
    """

    @property
    def channel(self) -> str:
        """The channel's name, for the wording that is its own."""

    @property
    def can(self) -> frozenset[Ability]:
        """What the medium lets one do."""

    @property
    def heard(self) -> str:
        """All that the last answer says: every page of a text message, every line of a call."""

    async def greet(self) -> None:
        """Begin: say "Hi", call, open the page. In the middle of a conversation: begin again."""

    async def choose(self, label: str, texts: Catalogue) -> None:
        """Choose what is offered under this label, turning pages until it is found."""

    async def command(self, name: str, texts: Catalogue) -> None:
        """Do what a command does: by its button, its word, its key, or what comes to the same on this medium."""

    async def type(self, words: str) -> None:
        """Type words. Only where `can` has `type`."""

    async def speak(self, voice: bytes) -> None:
        """Speak, and send that."""

    async def point(self, place: Place) -> None:
        """Point at a place. Only where `can` has `point`."""

    async def send(self, file: Photo) -> None:
        """Send a file. Only where `can` has `send`."""

    async def leave(self) -> None:
        """Hang up, close the page; nothing is waited for."""
