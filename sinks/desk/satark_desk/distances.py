"""Distance and direction of the place of a tip or of a file from stations and from the tip's pin."""

from satark.api import Evidence, Redacted
from satark.casework import OpenTip
from satark_words.geography.geography import Geography
from satark_words.geography.maps import Direction, Point, direction


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
    """Return a point's distance and direction from the stations nearest to it."""
    return [
        Bearing(km=km, direction=direction(station.position, point), station=station.code)
        for km, station in geography.nearest(point, count)
        if station.position
    ]
