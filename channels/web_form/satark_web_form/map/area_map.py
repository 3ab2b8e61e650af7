"""Draw the map of the covered area: an equirectangular projection, true to scale in the middle of the area."""

import math
from collections.abc import Sequence
from typing import Final

from satark_words.geography.geography import Geography
from satark_words.geography.maps import MapFrame, Marker, Outline, Point, mark, outlines

WIDTH: Final = 320
"""Width in units; a unit is about a pixel on a phone."""
_MAX_HEIGHT: Final = 480
_MARGIN: Final = 0.08
"""Margin around the outermost stations and borders, in degrees (about nine kilometres)."""


class AreaMap(MapFrame, frozen=True, kw_only=True):
    markers: Sequence[Marker]
    """The stations whose position is known."""
    outlines: Sequence[Outline] = ()
    names: Sequence[str] = ()
    """The names of all stations. If there are several districts, each name includes the station's district."""

    def position_of(self, latitude: str, longitude: str) -> tuple[float, float] | None:
        """Return a position's place on the map. None: the position is outside the map, or not a number."""
        try:
            point = float(latitude), float(longitude)
        except ValueError:
            return None
        return self.spot(point) if self.shows(point) else None


def draw_map(geography: Geography, language: str) -> AreaMap | None:
    """Draw the covered area. None: no position in the area is known."""
    stations = [(station.label(language), station.position) for station in geography.stations() if station.position]
    if not stations:
        return None
    corners = [corner for district in geography.districts for corner in district.border]
    frame = _frame([*corners, *(position for _, position in stations)])
    return AreaMap(
        width=frame.width,
        height=frame.height,
        north=frame.north,
        south=frame.south,
        west=frame.west,
        east=frame.east,
        markers=mark(stations, frame),
        outlines=outlines(geography, frame, language),
        names=_names(geography, language),
    )


def _frame(points: Sequence[Point]) -> MapFrame:
    north, south = _bounds([latitude for latitude, _ in points])
    east, west = _bounds([longitude for _, longitude in points])
    longitude_scale = math.cos(math.radians((north + south) / 2))
    height = min(_MAX_HEIGHT, round(WIDTH * (north - south) / ((east - west) * longitude_scale)))
    return MapFrame(width=WIDTH, height=height, north=north, south=south, west=west, east=east)


def _names(geography: Geography, language: str) -> list[str]:
    several = len(geography.districts) > 1
    return [
        f"{station.label(language)}, {district.label(language)}" if several else station.label(language)
        for district in geography.districts
        for station in district.stations
    ]


def _bounds(degrees: Sequence[float]) -> tuple[float, float]:
    return round(max(degrees) + _MARGIN, 4), round(min(degrees) - _MARGIN, 4)
