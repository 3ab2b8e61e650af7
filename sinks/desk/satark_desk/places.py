"""The place of a tip's pin, and the place and time at which its files were taken, as the files say.

What a file says is a claim: anybody can alter it.
"""

from datetime import date, datetime

from satark.api import Evidence, Redacted
from satark.casework import OpenTip
from satark_words.geography.geography import Geography
from satark_words.geography.maps import Direction, Point, direction, kilometres


class Bearing(Redacted, frozen=True, kw_only=True):
    """The straight-line distance and the direction of a place from another one."""

    km: float
    direction: Direction
    station: str = ""
    """Code of the station from which the place is measured; empty: the place is measured from the tip's pin."""


def pin_of(tip: OpenTip) -> Point | None:
    """Return the pin that the tipster sent, if any."""
    for value in tip.tip.answers.values():
        if isinstance(value, dict) and value.get("latitude") is not None and value.get("longitude") is not None:
            return float(value["latitude"]), float(value["longitude"])
    return None


def place_of(record: Evidence) -> Point | None:
    """Return the place where a file was taken, if the file names one."""
    origin = record.origin
    if origin is None or origin.latitude is None or origin.longitude is None:
        return None
    return origin.latitude, origin.longitude


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
    """The place and time at which one file was taken, as the file says."""

    place: Point | None = None
    bearings: tuple[Bearing, ...] = ()
    """Distance and direction of the place from the tip's pin and from the nearest station."""
    taken: datetime | None = None
    """The time by the camera's own clock."""
    days_before: int | None = None
    """Days from `taken` until the tip came in. Below 0: by the camera's clock, the tip came in first."""


def file_origins(tip: OpenTip, geography: Geography, came: tuple[date, date] | None) -> dict[str, FileOrigin]:
    """Return the origins of a tip's files, by ordinal. Files that say nothing of their origin are left out.

    Args:
        tip: the opened tip.
        geography: places are measured from its stations.
        came: the first and the last day on which the tip may have come in, as officers count days.
    """
    pin = pin_of(tip)
    return {
        record.ordinal: _origin(place_of(record), _moment(record.origin.taken), pin, geography, came)
        for record in tip.evidence
        if record.origin
    }


def _origin(
    place: Point | None, taken: datetime | None, pin: Point | None, geography: Geography, came: tuple[date, date] | None
) -> FileOrigin:
    seen = [] if place is None else [*([from_pin(pin, place)] if pin else []), *from_stations(geography, place, 1)]
    days = _days_before(taken.date(), *came) if taken and came else None
    return FileOrigin(place=place, bearings=tuple(seen), taken=taken, days_before=days)


def _days_before(taken: date, first: date, last: date) -> int:
    if taken > last:
        return (last - taken).days
    return max(0, (first - taken).days)


def _moment(taken: str) -> datetime | None:
    """Parse a camera's time; None if the calendar has no such day."""
    try:
        return datetime.strptime(taken, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - a camera does not say its time zone
    except ValueError:
        return None
