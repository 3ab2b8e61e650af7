"""Distances, and whether a pin is inside a border; in degrees of latitude and longitude."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from satark.geography.units import District, Point

_EARTH_KM: Final = 6371.0


def kilometres(one: Point, other: Point) -> float:
    """Distance on the sphere (haversine)."""
    north, south = math.radians(one[0]), math.radians(other[0])
    across = math.radians(other[1] - one[1])
    half = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


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
