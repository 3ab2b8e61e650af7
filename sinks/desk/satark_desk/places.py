"""Where a tip's pin is, and where and when its files say that they were taken.

What a file says is a claim: anybody can alter it.
"""

from __future__ import annotations

from datetime import date, datetime
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


class FileOrigin(Redacted, frozen=True, kw_only=True):
    """What one file says."""

    place: Point | None = None
    bearings: tuple[Bearing, ...] = ()
    """Distance and direction of the place from the tip's pin and from the nearest station."""
    taken: datetime | None = None
    """The time by the camera's own clock."""
    days_before: int | None = None
    """Days from then until the tip came in; below 0: the clock says that it was taken afterwards."""


def file_origins(tip: OpenTip, geography: Geography, came: tuple[date, date] | None) -> dict[str, FileOrigin]:
    """Return what the files of a tip say, by ordinal. Files that say nothing are left out.

    Args:
        tip: the opened tip.
        geography: whose stations tell where a place is.
        came: the first and the last day on which the tip may have come in, as officers count days.
    """
    pin = pin_of(tip)
    return {
        record.ordinal: _origin(place_of(record), _moment(record.origin.taken), pin, geography, came)
        for record in tip.evidence
        if record.origin
    }


def _origin(
    place: Point | None,
    taken: datetime | None,
    pin: Point | None,
    geography: Geography,
    came: tuple[date, date] | None,
) -> FileOrigin:
    seen = [] if place is None else [*([from_pin(pin, place)] if pin else []), *from_stations(geography, place, 1)]
    days = _days_before(taken.date(), *came) if taken and came else None
    return FileOrigin(place=place, bearings=tuple(seen), taken=taken, days_before=days)


def _days_before(taken: date, first: date, last: date) -> int:
    if taken > last:
        return (last - taken).days
    return max(0, (first - taken).days)


def _moment(taken: str) -> datetime | None:
    """Read a camera's time; None where it is no day of the calendar."""
    try:
        return datetime.strptime(taken, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - a camera does not say its time zone
    except ValueError:
        return None
