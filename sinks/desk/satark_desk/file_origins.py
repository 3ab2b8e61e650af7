"""What files say of where and when they were taken, beside what the tip says. A claim: anybody can alter it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from satark.api import Redacted
from satark_desk.places import Bearing, from_pin, from_stations, pin_of, place_of
from satark_words.geography.maps import Point

if TYPE_CHECKING:
    from satark.casework import OpenTip
    from satark_words.geography.geography import Geography


class FileOrigin(Redacted, frozen=True, kw_only=True):
    """What one file says."""

    place: Point | None = None
    bearings: tuple[Bearing, ...] = ()
    """Where that is, as seen from the tip's pin and from the nearest station."""
    taken: datetime | None = None
    """By the camera's own clock."""
    days_before: int | None = None
    """Days from then until the tip came in; below 0: the clock says that it was taken afterwards."""


def file_origins(tip: OpenTip, geography: Geography, came: tuple[date, date] | None) -> dict[str, FileOrigin]:
    """Return what the files of a tip say, by ordinal, of those that say anything.

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
