"""The units of a geography: districts, police stations and outposts, with distances and borders.

`docs/geography.md` explains each field. Points are in degrees of latitude and longitude.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import msgspec

Point: TypeAlias = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84)."""

ELSEWHERE: Final = "elsewhere"
"""Used in place of a district's code for a place outside the geography's districts."""
UNKNOWN: Final = "unknown"
"""Answer code of a tipster who does not know the district or station."""
RESERVED: Final = frozenset({ELSEWHERE, UNKNOWN})
"""Codes that no unit may have."""
UNIT_WORDS: Final = frozenset({"thana", "थाना", "police", "station", "chowki", "चौकी", "outpost"})
"""Words that tell the type of a unit. A text may use or omit them in the unit's name."""


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A unit of the geography: its code, unique in the whole geography, and its names by language."""

    code: str
    names: Mapping[str, str]
    aliases: tuple[str, ...] = ()
    """Further spellings and well-known localities, in any script."""

    def label(self, language: str) -> str:
        """Return the name in a language, or the first name if this language has none."""
        return self.names.get(language) or next(iter(self.names.values()))

    @property
    def every_name(self) -> tuple[str, ...]:
        """The unit's names in all languages and its aliases."""
        return (*self.names.values(), *self.aliases)


class Outpost(Unit, frozen=True, kw_only=True):
    """An outpost (chowki) of a station."""


class Station(Unit, frozen=True, kw_only=True):
    """A police station (thana)."""

    latitude: float | None = None
    longitude: float | None = None
    """Degrees, with `latitude` the approximate position of the building. Without a position the station is never found
    by a pin, so the tipster is asked for it."""
    circle: str = ""
    """Code of the circle officer's circle; empty: none."""
    outposts: tuple[Outpost, ...] = ()

    @property
    def position(self) -> Point | None:
        """The station's position; None: not known."""
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


class District(Unit, frozen=True, kw_only=True):
    """A district, the area of one Superintendent of Police (SP)."""

    range: str
    """Code of the range (the DIG's) that the district belongs to."""
    lgd: int | None = None
    """Code of the district in the Local Government Directory of India (lgdirectory.gov.in)."""
    census: int | None = None
    """Code of the district in the census of 2011."""
    border: tuple[Point, ...] = ()
    """Corners of the district's outline, in order. A pin is in the district if it is inside the outline."""
    centre: Point | None = None
    radius_km: float | None = None
    """Radius of a circle in place of a border, in kilometres. With neither, only pins near a station are in the
    district."""
    reach_km: float | None = None
    """Largest distance between a station and a pin that belongs to it, in kilometres; empty: the geography's own
    value."""
    stations: tuple[Station, ...] = ()
    places: tuple[str, ...] = ()
    """Villages and localities, in any script. A text that names one and no unit is in the district."""

    def units(self) -> Iterator[Unit]:
        yield self
        for station in self.stations:
            yield station
            yield from station.outposts


_EARTH_KM: Final = 6371.0


def kilometres(one: Point, other: Point) -> float:
    """Return the distance of two points along the earth's surface, in kilometres."""
    return kilometres_along(math.dist(on_sphere(one), on_sphere(other)))


def on_sphere(point: Point) -> tuple[float, float, float]:
    """Return a point's position on a sphere of radius 1.

    The straight distance between two such positions is fast to compute.
    """
    latitude, longitude = math.radians(point[0]), math.radians(point[1])
    return math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)


def kilometres_along(chord: float) -> float:
    """Convert a straight distance in the unit sphere to kilometres along the earth's surface."""
    return 2 * _EARTH_KM * math.asin(min(1.0, chord / 2))


def is_inside(point: Point, corners: Sequence[Point]) -> bool:
    """Return whether a point is inside a polygon: a ray to the east crosses its sides an odd number of times."""
    latitude, longitude = point
    inside = False
    for (south, west), (north, east) in pairwise([*corners, corners[0]]):
        if (south > latitude) != (north > latitude):
            crossing = west + (latitude - south) / (north - south) * (east - west)
            inside ^= longitude < crossing
    return inside


def holds(district: District, point: Point) -> bool | None:
    """Return whether a point is in a district; None: the district has neither a border nor a circle."""
    if district.border:
        return is_inside(point, district.border)
    if district.centre is not None and district.radius_km is not None:
        return kilometres(point, district.centre) <= district.radius_km
    return None
