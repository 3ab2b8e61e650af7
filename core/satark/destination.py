"""Forwards: which tips leave for which destination beyond the desks, by configuration.

A destination belongs to an office. It gets a tip only where that office's desk is among the tip's desks, so that
whatever keeps a tip from a desk (the conflict of interest, an exclusion) keeps it from every destination of that desk.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from satark.identity.sealing import CantOpen, check_recipient
from satark.tip import Priority

if TYPE_CHECKING:
    from satark.tip import Tip

PRIORITIES: tuple[Priority, ...] = ("normal", "high", "urgent")
"""From the lowest to the highest."""

Destination = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}:[a-z0-9][a-z0-9_-]{0,39}$")]
"""`<sink>:<name>`, such as `email:sp-cell`."""


class DestinationRule(BaseModel):
    """One `[[destination]]` of the settings. A filter that is empty lets every tip through.

    A tip whose district or station nobody knows passes the filters on them, as it passes the routing to desks: better
    one too many than one lost.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Destination = Field(description="the destination: the sink's name, a colon, and a name of your own")
    desk: str = Field(
        default="",
        description="the desk whose office the destination belongs to: it gets no tip that its desk has not. Empty: no "
        "office of ours, and it gets no tip that complains of police or that is kept from any desk",
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
            except CantOpen:
                raise ValueError("is not an age recipient (age1…)") from None
        return value

    @property
    def sink(self) -> str:
        """The name of the sink that serves it."""
        return self.to.partition(":")[0]

    def applies(self, tip: Tip, priority: Priority) -> bool:
        """Say whether a tip passes the filters; whether the desk may have it is `applying`'s business."""
        return (
            PRIORITIES.index(priority) >= PRIORITIES.index(self.priority)
            and _passes(tip.category, self.categories, self.exclude_categories)
            and _passes(tip.district, self.districts, self.exclude_districts)
            and _passes(tip.station, self.stations, self.exclude_stations)
        )


def _passes(value: str, only: Collection[str], never: Collection[str]) -> bool:
    return value not in never and (not only or not value or value in only)
