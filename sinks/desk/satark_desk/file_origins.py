"""The place and time at which a tip's files were taken, according to the files. Anybody can alter a file."""

from datetime import date, datetime

from satark.api import Redacted
from satark.casework import OpenTip
from satark_desk.distances import Bearing, from_stations, pin_of, place_of
from satark_words.geography.geography import Geography
from satark_words.geography.maps import Point, direction, kilometres


class FileOrigin(Redacted, frozen=True, kw_only=True):
    """The place and time at which one file was taken, as the file says."""

    place: Point | None = None
    bearings: tuple[Bearing, ...] = ()
    """Distance and direction of the place from the tip's pin and from the nearest station."""
    taken: datetime | None = None
    """The time by the camera's own clock."""
    days_before: int | None = None
    """Days from `taken` until the tip came in. Below 0: the tip came in first, by the camera's clock."""


def file_origins(tip: OpenTip, geography: Geography, came: tuple[date, date] | None) -> dict[str, FileOrigin]:
    """Return the origins of a tip's files, by ordinal. Files without an origin are left out.

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
    seen = from_stations(geography, place, 1) if place else []
    if place and pin:
        seen.insert(0, Bearing(km=kilometres(pin, place), direction=direction(pin, place)))
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
