"""Where things stand on the map: an equirectangular projection, true to scale in the middle of the area."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from satark.dialogue.geography import Geography, Station

WIDTH: Final = 320
"""Units across; a unit is about a pixel on a phone."""
_TALLEST: Final = 480
_MARGIN: Final = 0.08
"""Degrees around the outermost stations, about nine kilometres: a district does not end at its stations."""
_LABEL_HEIGHT: Final = 14
_LETTER_WIDTH: Final = 7
"""Roughly, in units."""


class Spot(msgspec.Struct, frozen=True):
    """A station on the map. Without a label where another one's stands in the way."""

    name: str
    x: float
    y: float
    label: str


class Map(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing, and what a script needs to tell a place from a point on it; degrees (WGS 84)."""

    width: int
    height: int
    north: float
    south: float
    west: float
    east: float
    spots: Sequence[Spot]


def draw(geography: Geography, language: str) -> Map | None:
    """Draw the covered area; None where it has no station."""
    stations = geography.stations()
    if not stations:
        return None
    north, south = _around([station.latitude for station in stations])
    east, west = _around([station.longitude for station in stations])
    narrowing = math.cos(math.radians((north + south) / 2))
    height = min(_TALLEST, round(WIDTH * (north - south) / ((east - west) * narrowing)))

    def place(station: Station) -> tuple[float, float]:
        x = WIDTH * (station.longitude - west) / (east - west)
        return round(x, 1), round(height * (north - station.latitude) / (north - south), 1)

    spots = _labelled([(station.label(language), *place(station)) for station in stations])
    return Map(width=WIDTH, height=height, north=north, south=south, west=west, east=east, spots=spots)


def _around(degrees: Sequence[float]) -> tuple[float, float]:
    return round(max(degrees) + _MARGIN, 4), round(min(degrees) - _MARGIN, 4)


def _labelled(places: Sequence[tuple[str, float, float]]) -> list[Spot]:
    """Give each station its label, unless it would stand on an earlier one's or leave the map."""
    taken: list[tuple[float, float, float]] = []
    spots: list[Spot] = []
    for name, x, y in places:
        end = x + 6 + len(name) * _LETTER_WIDTH
        free = end < WIDTH and all(
            abs(y - other) >= _LABEL_HEIGHT or end < left or x > right for left, right, other in taken
        )
        if free:
            taken.append((x, end, y))
        spots.append(Spot(name, x, y, name if free else ""))
    return spots
