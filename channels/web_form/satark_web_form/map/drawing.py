"""Where things stand on the map: an equirectangular projection, true to scale in the middle of the area."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from satark.flow import Geography, Station

WIDTH: Final = 320
"""Units across; a unit is about a pixel on a phone."""
_TALLEST: Final = 480
_MARGIN: Final = 0.08
"""Degrees around the outermost stations, about nine kilometres: a district does not end at its stations."""
_LABEL_HEIGHT: Final = 14
_LETTER_WIDTH: Final = 8
"""Roughly, in units; marks above and below a letter take none."""
_AWAY: Final = 6
"""Units between a dot and its label."""
_DOT: Final = 3


class Spot(msgspec.Struct, frozen=True):
    """A station on the map. Without a label where other ones stand in the way on both sides."""

    name: str
    x: float
    y: float
    label: str = ""
    left: bool = False
    """Whether the label stands at the left of the dot."""

    @property
    def label_x(self) -> float:
        """Where the label begins, or ends if it stands at the left."""
        return round(self.x + (-_AWAY if self.left else _AWAY), 1)


class Map(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing, and what a script needs to tell a place from a point on it; degrees (WGS 84)."""

    width: int
    height: int
    north: float
    south: float
    west: float
    east: float
    spots: Sequence[Spot]

    def at(self, latitude: str, longitude: str) -> tuple[float, float] | None:
        """Where a position stands that was typed or tapped; None for what is none, or lies outside."""
        try:
            x = self.width * (float(longitude) - self.west) / (self.east - self.west)
            y = self.height * (self.north - float(latitude)) / (self.north - self.south)
        except ValueError:
            return None
        return (round(x, 1), round(y, 1)) if 0 <= x <= self.width and 0 <= y <= self.height else None


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
    """Give each station its label, at that side where it covers no dot, no other label, and does not leave the map."""
    dots = [(x - _DOT, x + _DOT, y) for _, x, y in places]
    taken: list[tuple[float, float, float]] = []
    spots: list[Spot] = []
    for name, x, y in places:
        length = _AWAY + _LETTER_WIDTH * sum(not unicodedata.category(one).startswith("M") for one in name)
        sides = ((False, (x + _DOT + 1, x + length, y)), (True, (x - length, x - _DOT - 1, y)))
        free = [
            (left, box)
            for left, box in sides
            if box[0] >= 0
            and box[1] <= WIDTH
            and not any(_touch(box, one, _LABEL_HEIGHT) for one in taken)
            and not any(_touch(box, one, _LABEL_HEIGHT / 2 + _DOT) for one in dots)
        ]
        spots.append(Spot(name, x, y, name, free[0][0]) if free else Spot(name, x, y))
        taken += [box for _, box in free[:1]]
    return spots


def _touch(one: tuple[float, float, float], other: tuple[float, float, float], height: float) -> bool:
    """Whether two lines (from, to, at a height) cover one another, where one is so high."""
    return one[0] <= other[1] and other[0] <= one[1] and abs(one[2] - other[2]) < height
