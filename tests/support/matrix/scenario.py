"""Scenarios: expected questions and their answers, in terms of the flow, and the files that are sent."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Final, Literal, TypeAlias

import msgspec
from PIL import Image

from satark_testing.dialogue.walking import Photo

LANGUAGE = "@language"
CANCEL = "@cancel"

Command: TypeAlias = Literal[
    "again", "back", "cancel", "clear", "done", "elsewhere", "forget", "help", "language", "leave", "repeat", "skip"
]
"""Commands that are possible at any question. `again` greets or calls again; the others are the flow's commands."""

FileName: TypeAlias = Literal["photo", "another photo", "video", "paper"]
"""Names of files. There is no sound file, since it leads to a question about the voice that a phone call never asks."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words. They are typed if the medium supports typing, otherwise spoken."""

    words: str


class Speak(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that are spoken on every medium, as a recording of no known type."""

    speak: str


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place on the map, in degrees. If the medium can't point, the name of the place is given."""

    point: tuple[float, float]
    name: str
    """Name of the nearest station."""

    @property
    def as_words(self) -> Words:
        """The words that replace the location."""
        return Words(self.name)


class Send(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file with a caption. On a medium without files, a recording is sent instead."""

    send: FileName
    caption: str = ""


class Do(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command to execute."""

    do: Command


Action: TypeAlias = str | Words | Speak | Point | Send | Do
"""The code of an option, or one of these."""
Exchange: TypeAlias = tuple[str, Action]
"""A question (a step's id, or `@` and the name of an engine question) and the action that answers it."""


class Scenario(msgspec.Struct, frozen=True):
    """One conversation, from the choice of a language onward.

    If a tip was sent, the player answers the last question, whether the tipster may be contacted, with no.
    """

    name: str
    language: str
    exchanges: tuple[Exchange, ...]


_KINDS_OF_FILES: Final = {
    "photo": ("image", "image/jpeg"),
    "another photo": ("image", "image/jpeg"),
    "video": ("video", "video/mp4"),
    "paper": ("document", "application/pdf"),
}


def recording(words: str) -> bytes:
    """Make a recording of these words."""
    return f"\x00a voice says: {words}".encode()


def to_send(name: str, caption: str) -> Photo:
    """Make a file of a scenario, in the form in which it is sent."""
    kind, mime = _KINDS_OF_FILES[name]
    data = _photo(name) if mime == "image/jpeg" else f"\x00a {name}".encode()
    return Photo(data, mime, kind, caption or None)


@cache
def _photo(name: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (24, 16), (90, 60, 10 * len(name))).save(file, "JPEG")
    return file.getvalue()
