"""Distances, and whether a pin is inside a border; in degrees of latitude and longitude."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from satark_words.geography.units import District, Point

_EARTH_KM: Final = 6371.0


def kilometres(one: Point, other: Point) -> float:
    """Distance on the sphere."""
    return kilometres_along(math.dist(on_sphere(one), on_sphere(other)))


def on_sphere(point: Point) -> tuple[float, float, float]:
    """Return where a point is on a sphere of radius 1: of two such the straight distance is found fast."""
    latitude, longitude = math.radians(point[0]), math.radians(point[1])
    return math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)


def kilometres_along(chord: float) -> float:
    """Return the distance along the earth's surface between two points that are so far apart in that sphere."""
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
