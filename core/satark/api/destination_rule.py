"""Destination rules: which tips the configuration sends to destinations beyond the desks.

A destination belongs to a desk and gets a tip only if that desk gets it. So whatever keeps a tip from a desk, such as a
conflict of interest, keeps it from all destinations of that desk.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, field_validator

from satark.api.destination import ConfiguredDestination, Destination
from satark.api.sealing import CantOpen, check_recipient
from satark.api.tip import Priority

if TYPE_CHECKING:
    from satark.api.tip import Tip

__all__ = [
    "PRIORITIES",
    "DestinationRule",
]

PRIORITIES: tuple[Priority, ...] = ("normal", "high", "urgent")
"""From the lowest to the highest."""


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
