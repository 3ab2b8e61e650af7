"""Draw the map of the covered area: an equirectangular projection, true to scale in the middle of the area."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

if TYPE_CHECKING:
    from satark.flow import Geography

Point: TypeAlias = tuple[float, float]
"""Latitude and longitude in degrees."""

WIDTH: Final = 320
"""Width in units; a unit is about a pixel on a phone."""
_MAX_HEIGHT: Final = 480
_MARGIN: Final = 0.08
"""Margin around the outermost stations and borders, in degrees (about nine kilometres)."""
_LABEL_HEIGHT: Final = 14
_LETTER_WIDTH: Final = 8
"""Approximate, in units; combining marks have no width."""
_LABEL_GAP: Final = 6
"""Distance between a marker and its label, in units."""
_MARKER_RADIUS: Final = 3


class StationMarker(msgspec.Struct, frozen=True):
    """A police station on the map. It has no label if there is no room on either side."""

    name: str
    x: float
    y: float
    label: str = ""
    left: bool = False
    """Whether the label is to the left of the marker."""

    @property
    def label_x(self) -> float:
        """Where the label begins; where it ends, if it is to the left."""
        return round(self.x + (-_LABEL_GAP if self.left else _LABEL_GAP), 1)


class Outline(msgspec.Struct, frozen=True):
    """The border of a district on the map."""

    name: str
    points: str
    """`x,y` of its corners, with spaces between them, as SVG writes a polygon."""


class AreaMap(msgspec.Struct, frozen=True, kw_only=True):
    """A map, with its bounds in degrees (WGS 84)."""

    width: int
    height: int
    north: float
    south: float
    west: float
    east: float
    markers: Sequence[StationMarker]
    """The stations whose position is known."""
    outlines: Sequence[Outline] = ()
    names: Sequence[str] = ()
    """Of all stations, each with its district where there are several."""

    def position_of(self, latitude: str, longitude: str) -> tuple[float, float] | None:
        """Return where a position is on the map. None: it is outside, or not a number."""
        try:
            x = self.width * (float(longitude) - self.west) / (self.east - self.west)
            y = self.height * (self.north - float(latitude)) / (self.north - self.south)
        except ValueError:
            return None
        return (round(x, 1), round(y, 1)) if 0 <= x <= self.width and 0 <= y <= self.height else None


def draw_map(geography: Geography, language: str) -> AreaMap | None:
    """Draw the covered area. None: no position in it is known."""
    placed = [(station.label(language), station.position) for station in geography.stations() if station.position]
    corners = [corner for district in geography.districts for corner in district.border]
    points = [*corners, *(position for _, position in placed)]
    if not placed:
        return None
    north, south = _bounds([latitude for latitude, _ in points])
    east, west = _bounds([longitude for _, longitude in points])
    longitude_scale = math.cos(math.radians((north + south) / 2))
    height = min(_MAX_HEIGHT, round(WIDTH * (north - south) / ((east - west) * longitude_scale)))

    def place(position: Point) -> tuple[float, float]:
        x = WIDTH * (position[1] - west) / (east - west)
        return round(x, 1), round(height * (north - position[0]) / (north - south), 1)

    return AreaMap(
        width=WIDTH,
        height=height,
        north=north,
        south=south,
        west=west,
        east=east,
        markers=_with_labels([(name, *place(position)) for name, position in placed]),
        outlines=[
            Outline(one.label(language), " ".join("{},{}".format(*place(corner)) for corner in one.border))
            for one in geography.districts
            if one.border
        ],
        names=_names(geography, language),
    )


def _names(geography: Geography, language: str) -> list[str]:
    several = len(geography.districts) > 1
    return [
        f"{station.label(language)}, {district.label(language)}" if several else station.label(language)
        for district in geography.districts
        for station in district.stations
    ]


def _bounds(degrees: Sequence[float]) -> tuple[float, float]:
    return round(max(degrees) + _MARGIN, 4), round(min(degrees) - _MARGIN, 4)


def _with_labels(stations: Sequence[tuple[str, float, float]]) -> list[StationMarker]:
    """Place each label on a side where it covers no marker and no other label, and stays on the map."""
    dots = [(x - _MARKER_RADIUS, x + _MARKER_RADIUS, y) for _, x, y in stations]
    placed: list[tuple[float, float, float]] = []
    markers: list[StationMarker] = []
    for name, x, y in stations:
        length = _LABEL_GAP + _LETTER_WIDTH * sum(not unicodedata.category(one).startswith("M") for one in name)
        sides = ((False, (x + _MARKER_RADIUS + 1, x + length, y)), (True, (x - length, x - _MARKER_RADIUS - 1, y)))
        free = [
            (left, box)
            for left, box in sides
            if box[0] >= 0
            and box[1] <= WIDTH
            and not any(_overlap(box, one, _LABEL_HEIGHT) for one in placed)
            and not any(_overlap(box, one, _LABEL_HEIGHT / 2 + _MARKER_RADIUS) for one in dots)
        ]
        markers.append(StationMarker(name, x, y, name, free[0][0]) if free else StationMarker(name, x, y))
        placed += [box for _, box in free[:1]]
    return markers


def _overlap(one: tuple[float, float, float], other: tuple[float, float, float], height: float) -> bool:
    """Whether two labels (start, end, y) of this height overlap."""
    return one[0] <= other[1] and other[0] <= one[1] and abs(one[2] - other[2]) < height
