"""Scenarios: questions and their answers, and the file that holds them."""

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


class _RawScenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    language: str
    exchanges: Sequence[Mapping[str, object]]


_KINDS: Mapping[str, type[Words | Speak | Point | Send | Do]] = {
    "words": Words,
    "speak": Speak,
    "point": Point,
    "send": Send,
    "do": Do,
}


def scenarios() -> tuple[Scenario, ...]:
    """Read the scenarios that ship with Satark.

    Raises:
        msgspec.ValidationError: the file does not hold scenarios.
    """
    text = (files("satark_testing.matrix") / "scenarios.yaml").read_bytes()
    return tuple(_scenario(raw) for raw in msgspec.yaml.decode(text, type=list[_RawScenario]))


def _scenario(raw: _RawScenario) -> Scenario:
    exchanges = tuple((q, _action(action)) for exchange in raw.exchanges for q, action in exchange.items())
    return Scenario(raw.name, raw.language, exchanges)


def _action(raw: object) -> Action:
    if isinstance(raw, str):
        return raw
    kind = next((kind for key, kind in _KINDS.items() if isinstance(raw, Mapping) and key in raw), Words)
    return msgspec.convert(raw, kind)
