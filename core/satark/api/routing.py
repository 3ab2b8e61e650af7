"""Routing: desks, destinations beyond the desks, and what a plugin returns to route or screen a tip.

A destination is named `<sink>:<name>`, such as `desk:sp`; only `Destination` takes such a name apart or puts one
together. A destination belongs to a desk and gets a tip only if that desk gets it. So whatever keeps a tip from a desk,
such as a conflict of interest, keeps it from all destinations of that desk.
"""

from __future__ import annotations

import re
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
    "DESK_SINK", "LEVELS", "CaseworkError", "CoveredRule", "Desk", "Destination", "DestinationRule", "KeyChanged",
    "Level", "NoSuchDesk", "RouteAdvice", "Screening", "age_recipient",
]  # fmt: skip

PRIORITIES: tuple[Priority, ...] = ("normal", "high", "urgent")
"""The priorities, from the lowest to the highest."""
DESK_SINK = "desk"
"""Name of the sink that delivers to the desks at this host."""
SEPARATOR = ":"

DESTINATION = re.compile(r"[a-z][a-z0-9_]{0,30}:[a-z0-9][a-z0-9_-]{0,39}")
"""A destination's name in the settings and in the roster."""
ConfiguredDestination = Annotated[str, Field(pattern=f"^{DESTINATION.pattern}$")]
"""A destination's name in the settings, checked against this pattern."""


def age_recipient(value: str) -> str:
    """Return an age recipient of the settings, or an empty text.

    Raises:
        ValueError: it is something else; the message tells what is wrong.
    """
    if value:
        try:
            check_recipient(value)
        except CantOpen as error:
            raise ValueError(str(error)) from None
    return value


class Destination(str):
    """The name of a destination, `<sink>:<name>`. Only the sink reads the second part. It equals the plain string."""

    __slots__ = ()

    @classmethod
    def of(cls, sink: str, name: str) -> Destination:
        """Return the destination with this name at a sink."""
        return cls(cls.prefix(sink) + name)

    @classmethod
    def prefix(cls, sink: str) -> str:
        """Return the prefix of all destinations of a sink."""
        return sink + SEPARATOR

    @property
    def sink(self) -> str:
        """The name of the sink."""
        return self.partition(SEPARATOR)[0]

    @property
    def name(self) -> str:
        """The destination's name without its sink; for a desk, the desk's name."""
        return self.partition(SEPARATOR)[2]


HERE = Destination.of(DESK_SINK, "*")
"""The destination that stands for all desks at this host together. A tip's envelopes tell which of these desks have the
tip; its deliveries don't."""


class DestinationRule(BaseModel):
    """One `[[destination]]` table of the settings. An empty filter matches every tip.

    A tip whose district or station is unknown passes the filters on districts and stations, as it passes the routing to
    desks: an unneeded tip is better than a lost one.
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
        description="age recipient of the destination's own key, for one that must read tips; empty for a mere carrier"
        "; satark destination keygen FILE prints it",
    )
    verifier: str = Field(default="", description="public key of what it writes; not needed beside `identity_file`")
    identity_file: Path | None = Field(
        default=None,
        description="file with the private half, mode 0600; only on the machine that runs the sink; satark destination "
        "keygen FILE makes it",
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

    _is_a_recipient = field_validator("recipient")(age_recipient)

    @property
    def sink(self) -> str:
        """The name of the sink that serves the destination."""
        return Destination(self.to).sink

    @property
    def name(self) -> str:
        """The destination's name without its sink."""
        return Destination(self.to).name

    def applies(self, tip: Tip, priority: Priority) -> bool:
        """Return whether a tip passes the filters. `routing.destinations` also checks whether the desk has the tip."""
        return (
            PRIORITIES.index(priority) >= PRIORITIES.index(self.priority)
            and _passes(tip.category, self.categories, self.exclude_categories)
            and _passes(tip.district, self.districts, self.exclude_districts)
            and _passes(tip.station, self.stations, self.exclude_stations)
        )


class CoveredRule(DestinationRule):
    """A destination on a carrier that strangers watch. For a tip that it must not have, it gets covers of equal size.

    Its sink hands every delivery to `OfficeLink.send_tip`.
    """


def _passes(value: str, only: Collection[str], never: Collection[str]) -> bool:
    return value not in never and (not only or not value or value in only)


Level: TypeAlias = Literal["outpost", "station", "circle", "district", "range", "state"]
"""The level of an office that a desk belongs to."""
LEVELS: tuple[Level, ...] = ("outpost", "station", "circle", "district", "range", "state")
"""The levels, from the lowest to the highest."""


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """An office that receives tips."""

    name: str
    title: str
    level: Level
    area: str = ""
    """Code of the desk's outpost, station, district or range in the geography; empty: every area."""
    recipient: str
    """The age recipient of the desk's key."""
    via: str = DESK_SINK
    """Name of the sink that delivers the desk's tips: `desk` for a desk at this host, else a carrier's sink."""

    @property
    def destination(self) -> Destination:
        """The destination of tips for this desk."""
        return Destination.of(self.via, self.name)


class RouteAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin returns from `satark_route`."""

    add: tuple[str, ...] = ()
    """Destinations to add: `desk:<name>`; a `[[destination]]`, even if its filters exclude the tip; or `<sink>:<name of
    a desk>`.

    A destination gets the tip only if the desk that it belongs to gets it."""
    exclude: tuple[str, ...] = ()
    """Names of desks, and destinations (`<sink>:<name>`), that must not get the tip."""


class Screening(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin returns from `satark_screen`."""

    priority: Priority = "normal"
    flags: tuple[str, ...] = ()


class CaseworkError(Exception):
    """An officer's request can't be carried out. The message tells why, and holds no tip content.

    `reason`: key of the text that pages show in the officer's language; empty: they show the message.
    """

    said = ""
    """The message, unless another is given."""

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message or self.said)
        self.reason = reason


class NoSuchDesk(CaseworkError):  # noqa: N818
    """The desk does not exist, or this tip may not go to it. The error does not tell which."""

    said = "there is no desk of that name"


class DeskExists(CaseworkError):  # noqa: N818
    """A desk with this name already exists."""

    said = "there is a desk of that name already"


class KeyChanged(CaseworkError):  # noqa: N818
    """The desk's key was changed since it was unlocked: unlock the desk again."""

    said = "the desk's key was changed meanwhile: sign in again"
