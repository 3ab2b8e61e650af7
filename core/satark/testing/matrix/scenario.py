"""Scenarios: what somebody answers to which question, and the file that holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Literal, TypeAlias

import msgspec

LANGUAGE = "@language"
RESTART = "@restart"
CANCEL = "@cancel"

Command: TypeAlias = Literal[
    "again", "back", "cancel", "clear", "done", "elsewhere", "forget", "help", "language", "leave", "repeat", "skip"
]
"""What can be done at any question. `again` greets or calls again in the middle; the others are the flow's commands."""


FileName: TypeAlias = Literal["photo", "film", "paper"]
"""No sound: whose voice it is, is a question that a phone call has no use for."""


class Tell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words: typed where one can type, else spoken."""

    tell: str
    station: str = ""
    """The police station that these words name: one who speaks is asked for it, since nobody listens at once."""


class Speak(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that are spoken on every medium: a recording, as bytes that no program can take for anything."""

    speak: str


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place on the map, in degrees; where there is none to point at, its name is told."""

    point: tuple[float, float]
    name: str
    station: str
    """The station that is nearest; the name names it too."""

    @property
    def told(self) -> Tell:
        """What is told in its place."""
        return Tell(self.name, self.station)


class Send(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file, with words of its own. On a medium that takes none, one more thing is said."""

    send: FileName
    caption: str = ""


class Do(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command."""

    do: Command


Act: TypeAlias = str | Tell | Speak | Point | Send | Do
"""The code of an option, or one of these."""
Move: TypeAlias = tuple[str, Act]
"""A question (the id of a step, or `@` and the name of one of the engine's own) and what is done when it is asked."""


class Scenario(msgspec.Struct, frozen=True):
    """One conversation, from the choice of a language on.

    The last question, whether one may be reached, is answered with no by whoever plays it, where a tip was sent.
    """

    name: str
    language: str
    moves: tuple[Move, ...]


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    language: str
    moves: Sequence[Mapping[str, object]]


_KINDS: Mapping[str, type[Tell | Speak | Point | Send | Do]] = {
    "tell": Tell,
    "speak": Speak,
    "point": Point,
    "send": Send,
    "do": Do,
}


def scenarios() -> tuple[Scenario, ...]:
    """Read the scenarios that come with Satark.

    Raises:
        msgspec.ValidationError: the file is none of scenarios.
    """
    text = (files("satark.testing.matrix") / "scenarios.yaml").read_bytes()
    return tuple(_scenario(written) for written in msgspec.yaml.decode(text, type=list[_Written]))


def _scenario(written: _Written) -> Scenario:
    moves = tuple((question, _act(act)) for move in written.moves for question, act in move.items())
    return Scenario(written.name, written.language, moves)


def _act(act: object) -> Act:
    if isinstance(act, str):
        return act
    kind = next((kind for key, kind in _KINDS.items() if isinstance(act, Mapping) and key in act), Tell)
    return msgspec.convert(act, kind)
