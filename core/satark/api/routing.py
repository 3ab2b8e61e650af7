"""Who gets a tip: desks, destinations beyond them, and what a plugin may say about both.

A destination is named `<sink>:<name>`, such as `desk:sp`; only `Destination` takes such a name apart or puts one
together. A destination belongs to a desk and gets a tip only if that desk gets it. So whatever keeps a tip from a desk,
such as a conflict of interest, keeps it from all destinations of that desk.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator

from satark.api.sealing import CantOpen, check_recipient
from satark.api.tip import Priority

if TYPE_CHECKING:
    from satark.api.tip import Tip

__all__ = [
    "DESK_SINK",
    "LEVELS",
    "CaseworkError",
    "Desk",
    "Destination",
    "DestinationRule",
    "KeyChanged",
    "Level",
    "NoSuchDesk",
    "RouteAdvice",
    "Screening",
]

PRIORITIES: tuple[Priority, ...] = ("normal", "high", "urgent")
"""From the lowest to the highest."""
DESK_SINK = "desk"
"""The sink of the desks at this host."""
SEPARATOR = ":"

ConfiguredDestination = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}:[a-z0-9][a-z0-9_-]{0,39}$")]
"""A destination as settings may name it."""


class Destination(str):
    """`<sink>:<name>`: the name of a sink, and a name that means something to this sink. Equal to the plain string."""

    __slots__ = ()

    @classmethod
    def of(cls, sink: str, name: str) -> Destination:
        """Return the destination of this name at a sink."""
        return cls(cls.prefix(sink) + name)

    @classmethod
    def prefix(cls, sink: str) -> str:
        """Return what all destinations of a sink begin with."""
        return sink + SEPARATOR

    @property
    def sink(self) -> str:
        """The name of the sink."""
        return self.partition(SEPARATOR)[0]

    @property
    def name(self) -> str:
        """The name at the sink; for a desk, the desk's name."""
        return self.partition(SEPARATOR)[2]


HERE = Destination.of(DESK_SINK, "*")
"""All desks at this host together. Which of them have a tip is told by its envelopes, and by no delivery."""


class DestinationRule(BaseModel):
    """One `[[destination]]` of the settings. An empty filter matches every tip.

    A tip whose district or station is unknown passes the filters on them, as it passes the routing to desks: better one
    tip too many than one lost.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: ConfiguredDestination = Field(description="the destination: the sink's name, a colon, and a name of your own")
    desk: str = Field(
        default="",
        description="the desk that the destination belongs to: it gets no tip that its desk has not; empty: it gets no "
        "complaint about police, and no tip that is kept from any desk",
    )
    recipient: str = Field(
        default="",
        description="age recipient of the destination's own key, for one that must read tips; empty for a mere carrier",
        json_schema_extra={"where": "satark destination keygen FILE prints it"},
    )
    identity_file: Path | None = Field(
        default=None,
        description="file with the private half, mode 0600; only on the machine that runs the sink",
        json_schema_extra={"where": "satark destination keygen FILE makes it"},
    )
    categories: tuple[str, ...] = Field(default=(), description="only tips of these categories")
    exclude_categories: tuple[str, ...] = Field(default=(), description="no tips of these categories")
    districts: tuple[str, ...] = Field(default=(), description="only tips of these districts (codes of the geography)")
    exclude_districts: tuple[str, ...] = Field(default=(), description="no tips of these districts")
    stations: tuple[str, ...] = Field(default=(), description="only tips of these stations (codes of the geography)")
    exclude_stations: tuple[str, ...] = Field(default=(), description="no tips of these stations")
    priority: Priority = Field(default="normal", description="only tips of at least this priority")
    at_once: int = Field(default=8, ge=1, le=256, description="most deliveries under way at once in one process")
    per_minute: int = Field(default=0, ge=0, description="most attempts a minute in one process; 0: no limit")

    @field_validator("recipient")
    @classmethod
    def _is_a_recipient(cls, value: str) -> str:
        if value:
            try:
                check_recipient(value)
            except CantOpen as error:
                raise ValueError(str(error)) from None
        return value

    @property
    def sink(self) -> str:
        """The name of the sink that serves the destination."""
        return Destination(self.to).sink

    @property
    def name(self) -> str:
        """The destination's name without its sink."""
        return Destination(self.to).name

    def applies(self, tip: Tip, priority: Priority) -> bool:
        """Return whether a tip passes the filters; `routing.destinations` checks whether the desk has the tip."""
        return (
            PRIORITIES.index(priority) >= PRIORITIES.index(self.priority)
            and _passes(tip.category, self.categories, self.exclude_categories)
            and _passes(tip.district, self.districts, self.exclude_districts)
            and _passes(tip.station, self.stations, self.exclude_stations)
        )


def _passes(value: str, only: Collection[str], never: Collection[str]) -> bool:
    return value not in never and (not only or not value or value in only)


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
