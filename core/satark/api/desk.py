"""Desks, and what a plugin may say about which of them get a tip."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from satark.api.destination import DESK_SINK, Destination
from satark.api.tip import Priority

__all__ = [
    "LEVELS",
    "CaseworkError",
    "Desk",
    "DeskExists",
    "KeyChanged",
    "Level",
    "NoSuchDesk",
    "RouteAdvice",
    "Screening",
]

Level: TypeAlias = Literal["outpost", "station", "circle", "district", "range", "state"]
LEVELS: tuple[Level, ...] = ("outpost", "station", "circle", "district", "range", "state")


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """An office that receives tips."""

    name: str
    title: str
    level: Level
    area: str = ""
    """Code of the outpost, station, district or range in the geography; empty: all of them."""
    recipient: str
    """age recipient of the desk's key."""
    via: str = DESK_SINK
    """The sink that delivers its tips: `desk` for a desk at this host, else the sink of a carrier."""

    @property
    def destination(self) -> Destination:
        """The destination of tips for this desk."""
        return Destination.of(self.via, self.name)


class RouteAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin answers to `satark_route`."""

    add: tuple[str, ...] = ()
    """Destinations to add: `desk:<name>`; a `[[destination]]`, whatever its filters say; or `<sink>:<name of a desk>`.

    A destination gets the tip only if the desk that it belongs to has it."""
    exclude: tuple[str, ...] = ()
    """Names of desks, and destinations (`<sink>:<name>`), that must not get the tip."""


class Screening(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin answers to `satark_screen`."""

    priority: Priority = "normal"
    flags: tuple[str, ...] = ()


class CaseworkError(Exception):
    """Something that an officer asked for can't be done; the message says why, and holds no tip content.

    Args:
        message: in English.
        reason: the name under which pages find the words in the officer's language; empty: they show the message.
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class NoSuchDesk(CaseworkError):  # noqa: N818
    """There is no such desk, or none that this tip may go to, which is the same."""

    def __init__(self) -> None:
        super().__init__("there is no desk of that name")


class DeskExists(CaseworkError):  # noqa: N818
    """A desk of this name exists already."""

    def __init__(self) -> None:
        super().__init__("there is a desk of that name already")


class KeyChanged(CaseworkError):  # noqa: N818
    """The desk's key was changed meanwhile: unlock it again."""

    def __init__(self) -> None:
        super().__init__("the desk's key was changed meanwhile: sign in again")
