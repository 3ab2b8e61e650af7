"""What a geography is made of: districts, police stations and outposts, their distances and borders.

`docs/geography.md` explains each field. Points are in degrees of latitude and longitude.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import msgspec

Point: TypeAlias = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84)."""

ELSEWHERE: Final = "elsewhere"
"""Stands in place of a district's code for a place in none of the geography's districts."""
UNKNOWN: Final = "unknown"
"""The answer of a tipster who can't say which district or station."""
RESERVED: Final = frozenset({ELSEWHERE, UNKNOWN})
"""Codes that no unit may have."""
UNIT_WORDS: Final = frozenset({"thana", "थाना", "police", "station", "chowki", "चौकी", "outpost"})
"""Words that say what a unit is; they may stand in its name or not."""


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every place in the geography has: a code, unique among all, and names by language."""

    code: str
    names: Mapping[str, str]
    aliases: tuple[str, ...] = ()
    """Further spellings and well-known localities, in any script."""

    def label(self, language: str) -> str:
        """The name in a language, or the first name given where there is none in it."""
        return self.names.get(language) or next(iter(self.names.values()))

    @property
    def every_name(self) -> tuple[str, ...]:
        """Its names in all languages and its aliases."""
        return (*self.names.values(), *self.aliases)


class Outpost(Unit, frozen=True, kw_only=True):
    """An outpost (chowki) of a station."""


class Station(Unit, frozen=True, kw_only=True):
    """A police station (thana)."""

    latitude: float | None = None
    longitude: float | None = None
    """Degrees, roughly those of its building. Without them no pin finds the station: it is asked for."""
    circle: str = ""
    """Code of the circle officer's circle, or empty."""
    outposts: tuple[Outpost, ...] = ()

    @property
    def position(self) -> Point | None:
        """Its position; None if it is not known."""
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


class District(Unit, frozen=True, kw_only=True):
    """A district: what one SP is responsible for."""

    range: str
    """Code of the range (the DIG's) that the district belongs to."""
    lgd: int | None = None
    """Code of the district in the Local Government Directory of India (lgdirectory.gov.in)."""
    census: int | None = None
    """Code of the district in the census of 2011."""
    border: tuple[Point, ...] = ()
    """Corners of its outline, in order. A pin inside is in the district, outside it is not."""
    centre: Point | None = None
    radius_km: float | None = None
    """In place of a border, a circle. With neither, only pins near a station are in the district."""
    reach_km: float | None = None
    """How far from a station a pin may be for it to be that station's; empty: the geography's own reach."""
    stations: tuple[Station, ...] = ()

    def units(self) -> Iterator[Unit]:
        """The district, its stations and their outposts."""
        yield self
        for station in self.stations:
            yield station
            yield from station.outposts


_EARTH_KM: Final = 6371.0


def kilometres(one: Point, other: Point) -> float:
    """Distance on the sphere."""
    return kilometres_along(math.dist(on_sphere(one), on_sphere(other)))


def on_sphere(point: Point) -> tuple[float, float, float]:
    """Return a point's position on a sphere of radius 1.

    The straight distance between two positions is computed fast.
    """
    latitude, longitude = math.radians(point[0]), math.radians(point[1])
    return math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)


def kilometres_along(chord: float) -> float:
    """Convert a straight distance in the unit sphere to kilometres along the earth's surface."""
    return 2 * _EARTH_KM * math.asin(min(1.0, chord / 2))


def is_inside(point: Point, corners: Sequence[Point]) -> bool:
    """Whether a point is inside a polygon: a ray to the east crosses its sides an odd number of times."""
    latitude, longitude = point
    inside = False
    for (south, west), (north, east) in pairwise([*corners, corners[0]]):
        if (south > latitude) != (north > latitude):
            crossing = west + (latitude - south) / (north - south) * (east - west)
            inside ^= longitude < crossing
    return inside


def holds(district: District, point: Point) -> bool | None:
    """Whether a point is in a district; None: the district says neither border nor circle."""
    if district.border:
        return is_inside(point, district.border)
    if district.centre is not None and district.radius_km is not None:
        return kilometres(point, district.centre) <= district.radius_km
    return None
