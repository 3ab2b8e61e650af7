"""Points of a tip, and how they lie to each other: its pin, and where its files say that they were taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.api import Evidence, Redacted
from satark_words.geography.maps import Direction, Point, direction, kilometres

if TYPE_CHECKING:
    from satark.casework import OpenTip
    from satark_words.geography.geography import Geography


class Bearing(Redacted, frozen=True, kw_only=True):
    """How far a place is from another one, as the crow flies, and in which direction."""

    km: float
    direction: Direction
    station: str = ""
    """Code of the station that it is measured from; empty for the tip's pin."""


def pin_of(tip: OpenTip) -> Point | None:
    """Return the pin that the tipster sent, if any."""
    for value in tip.tip.answers.values():
        if isinstance(value, dict) and value.get("latitude") is not None and value.get("longitude") is not None:
            return float(value["latitude"]), float(value["longitude"])
    return None


def place_of(record: Evidence) -> Point | None:
    """Return where a file says that it was taken, if it does."""
    origin = record.origin
    return (
        None
        if origin is None or origin.latitude is None or origin.longitude is None
        else (origin.latitude, origin.longitude)
    )


def from_stations(geography: Geography, point: Point, count: int) -> list[Bearing]:
    """Return where a point lies, as seen from the stations nearest to it."""
    return [
        Bearing(km=km, direction=direction(station.position, point), station=station.code)
        for km, station in geography.nearest(point, count)
        if station.position
    ]


def from_pin(pin: Point, point: Point) -> Bearing:
    """Return where a point lies, as seen from the tip's pin."""
    return Bearing(km=kilometres(pin, point), direction=direction(pin, point))
