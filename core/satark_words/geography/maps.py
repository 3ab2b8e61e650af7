"""Maps drawn only from the geography: a frame, outlines, markers with labels, and a scale. No map service is used."""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from satark_words.geography.geography import Geography, Near
from satark_words.geography.units import Point, kilometres

__all__ = [
    "DOT_RADIUS", "LABEL_GAP", "Direction", "MapFrame", "Marker", "Near", "Outline", "Point", "Scale", "Spot",
    "direction", "fit", "kilometres", "mark", "outlines",
]  # fmt: skip

Spot: TypeAlias = tuple[float, float]
"""A position on a drawing: x to the right and y down, in the drawing's units."""
Direction: TypeAlias = Literal["n", "ne", "e", "se", "s", "sw", "w", "nw"]

DOT_RADIUS: Final = 3
"""Radius of a marker's dot, in units."""
_DEGREE_KM: Final = 111.195
"""Kilometres of a degree of latitude."""
_EDGE: Final = 24
"""Distance between the outermost point and the edge of a fitted map, in units."""
_NARROWEST: Final = 0.01
"""Smallest ratio of a degree of longitude to one of latitude; at the poles it would be 0."""
_LABEL_HEIGHT: Final = 14
_LETTER_WIDTH: Final = 8
"""Approximate width of a letter, in units; combining marks have none."""
LABEL_GAP: Final = 6
"""Usual distance between a dot and its label, in units."""

_Box: TypeAlias = tuple[float, float, float]
"""Left end, right end and y of a label or a dot."""


class Scale(msgspec.Struct, frozen=True):
    """The scale bar of a map: its length in kilometres and in units."""

    km: float
    length: float


class MapFrame(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the earth that a map shows, in degrees (WGS 84), and the map's size in units. North is up."""

    width: int
    height: int
    north: float
    south: float
    west: float
    east: float

    def spot(self, point: Point) -> Spot:
        """Return the position of a point on the map; it lies outside the map's size if the map does not show it."""
        x = self.width * (point[1] - self.west) / (self.east - self.west)
        return round(x, 1), round(self.height * (self.north - point[0]) / (self.north - self.south), 1)

    def shows(self, point: Point) -> bool:
        """Return whether a point is on the map."""
        return self.south <= point[0] <= self.north and self.west <= point[1] <= self.east

    def scale(self, longest: float) -> Scale:
        """Return the longest scale bar with a round number of kilometres and at most `longest` units."""
        unit_km = (self.north - self.south) * _DEGREE_KM / self.height
        power = 10.0 ** math.floor(math.log10(longest * unit_km))
        km = max(step * power for step in (1, 2, 5) if step * power <= longest * unit_km)
        return Scale(km, round(km / unit_km, 1))


class Marker(msgspec.Struct, frozen=True):
    """A named dot on a map. It has no label if there is no room on either side."""

    name: str
    x: float
    y: float
    label: str = ""
    left: bool = False
    """Whether the label is to the left of the dot."""
    gap: float = LABEL_GAP
    """Distance between the dot and the label, in units."""

    @property
    def label_x(self) -> float:
        """The x at which the label begins or, if it is to the left of the dot, ends."""
        return round(self.x + (-self.gap if self.left else self.gap), 1)


class Outline(msgspec.Struct, frozen=True):
    """The border of a district on a map."""

    name: str
    points: str
    """The corners as `x,y`, separated by spaces, as in an SVG polygon."""


def fit(points: Sequence[Point], width: int, height: int, least_km: float) -> MapFrame:
    """Return the frame of this size that shows all points (at least one). Its scale is exact in the middle.

    Args:
        points: the points to show, with a margin around the outermost ones.
        width: width of the map, in units.
        height: height of the map, in units.
        least_km: least height of the shown area, in kilometres, so that a single point has surroundings.
    """
    south, north = min(one[0] for one in points), max(one[0] for one in points)
    west, east = min(one[1] for one in points), max(one[1] for one in points)
    middle = (south + north) / 2, (west + east) / 2
    narrowing = max(math.cos(math.radians(middle[0])), _NARROWEST)
    unit = max(
        (north - south) / (height - 2 * _EDGE),
        (east - west) * narrowing / (width - 2 * _EDGE),
        least_km / _DEGREE_KM / height,
    )
    up, aside = unit * height / 2, unit * width / 2 / narrowing
    return MapFrame(
        width=width,
        height=height,
        north=middle[0] + up,
        south=middle[0] - up,
        west=middle[1] - aside,
        east=middle[1] + aside,
    )


def direction(one: Point, other: Point) -> Direction:
    """Return the direction of the second point as seen from the first; the points must be near each other."""
    north = other[0] - one[0]
    east = (other[1] - one[1]) * math.cos(math.radians(one[0]))
    return get_args(Direction)[round(math.degrees(math.atan2(east, north)) / 45) % 8]  # type: ignore[no-any-return] # it is one of its own


def outlines(geography: Geography, frame: MapFrame, language: str) -> list[Outline]:
    """Draw the borders of the districts that have one. Corners outside the frame have positions outside the map's
    size."""
    return [
        Outline(one.label(language), " ".join("{},{}".format(*frame.spot(corner)) for corner in one.border))
        for one in geography.districts
        if one.border
    ]


def mark(
    places: Iterable[tuple[str, Point]], frame: MapFrame, taken: Iterable[Spot] = (), gap: float = LABEL_GAP
) -> list[Marker]:
    """Return markers of the places that the map shows. Earlier places are the first to get room for a label.

    A label is placed on a side where it covers no dot and no other label and is inside the map.

    Args:
        places: pairs of a name and a position.
        frame: the part of the earth that the map shows.
        taken: further positions that no label may cover.
        gap: as in `Marker`.
    """
    placed = [(name, *frame.spot(point)) for name, point in places if frame.shows(point)]
    dots = [(x - DOT_RADIUS, x + DOT_RADIUS, y) for x, y in (*((x, y) for _, x, y in placed), *taken)]
    labels: list[_Box] = []
    markers: list[Marker] = []
    for name, x, y in placed:
        free = [
            (left, box)
            for left, box in _sides(name, x, y, gap)
            if box[0] >= 0
            and box[1] <= frame.width
            and not any(_overlap(box, one, _LABEL_HEIGHT) for one in labels)
            and not any(_overlap(box, one, _LABEL_HEIGHT / 2 + DOT_RADIUS) for one in dots)
        ]
        markers.append(Marker(name, x, y, name, free[0][0], gap) if free else Marker(name, x, y))
        labels += [box for _, box in free[:1]]
    return markers


def _sides(name: str, x: float, y: float, gap: float) -> tuple[tuple[bool, _Box], tuple[bool, _Box]]:
    """Return the boxes of a label to the right and to the left of its dot, each with whether it is the left one."""
    length = gap + _LETTER_WIDTH * sum(not unicodedata.category(one).startswith("M") for one in name)
    return (False, (x + DOT_RADIUS + 1, x + length, y)), (True, (x - length, x - DOT_RADIUS - 1, y))


def _overlap(one: _Box, other: _Box, height: float) -> bool:
    return one[0] <= other[1] and other[0] <= one[1] and abs(one[2] - other[2]) < height
