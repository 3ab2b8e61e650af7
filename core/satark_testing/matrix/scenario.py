"""Scenarios: expected questions and their answers, in terms of the flow, and the files that are sent."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Final, Literal, TypeAlias

import msgspec
from PIL import Image

from satark_testing.dialogue.walking import Photo

LANGUAGE = "@language"
RESTART = "@restart"
CANCEL = "@cancel"

Command: TypeAlias = Literal[
    "again", "back", "cancel", "clear", "done", "elsewhere", "forget", "help", "language", "leave", "repeat", "skip"
]
"""What is possible at any question. `again` greets or calls again; the others are the flow's commands."""

FileName: TypeAlias = Literal["photo", "video", "paper"]
"""There is no sound file: it leads to the question whose voice it is, which a phone call never asks."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words, typed where the medium can type, else spoken."""

    words: str


class Speak(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that are spoken on every medium: a recording, as bytes of no known type."""

    speak: str


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place on the map, in degrees; on a medium that can't point, its name is given."""

    point: tuple[float, float]
    name: str
    """That of the nearest station."""

    @property
    def as_words(self) -> Words:
        """The words that replace it."""
        return Words(self.name)


class Send(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file with a caption. On a medium that accepts none, a recording is sent instead."""

    send: FileName
    caption: str = ""


class Do(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command."""

    do: Command


Action: TypeAlias = str | Words | Speak | Point | Send | Do
"""The code of an option, or one of these."""
Exchange: TypeAlias = tuple[str, Action]
"""A question (a step's id, or `@` and the name of one of the engine's own) and the action that answers it."""


class Scenario(msgspec.Struct, frozen=True):
    """One conversation, from the choice of a language on.

    If a tip was sent, the player answers the last question, whether the tipster may be contacted, with no.
    """

    name: str
    language: str
    exchanges: tuple[Exchange, ...]


_KINDS_OF_FILES: Final = {
    "photo": ("image", "image/jpeg"),
    "video": ("video", "video/mp4"),
    "paper": ("document", "application/pdf"),
}


def recording(words: str) -> bytes:
    """Return a recording of these words."""
    return f"\x00a voice says: {words}".encode()


def to_send(name: str, caption: str) -> Photo:
    """Return a file of a scenario, as it is sent."""
    kind, mime = _KINDS_OF_FILES[name]
    data = _photo() if name == "photo" else f"\x00a {name}".encode()
    return Photo(data, mime, kind, caption or None)


@cache
def _photo() -> bytes:
    file = BytesIO()
    Image.new("RGB", (24, 16), (90, 60, 30)).save(file, "JPEG")
    return file.getvalue()
