"""Maps on the desk's pages: the place of one tip, and all tips of a desk by station.

All maps have the same size, so that a phone shows them without scaling them down.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Final

import msgspec

from satark.api import Redacted
from satark.casework import OpenTip
from satark_desk.distances import Bearing, from_stations, pin_of, place_of
from satark_words.geography.geography import Geography, Station
from satark_words.geography.maps import (
    LABEL_GAP,
    MapFrame,
    Marker,
    Outline,
    Point,
    Scale,
    Spot,
    fit,
    kilometres,
    mark,
    outlines,
)

_WIDTH: Final = 360
_HEIGHT: Final = 270
_LEAST_KM: Final = 2.0
"""Height, in kilometres, of the smallest area that a map draws."""
_LONGEST_SCALE: Final = 90
_LARGEST: Final = 14
"""Radius of the disc of the station with the most tips, in units."""
_SMALLEST: Final = 4
_NEAREST: Final = 3
"""Number of nearest stations that a map names with their distances."""
_ON_MAP_KM: Final = 50
"""Kilometres up to which a map shows a file's place. A larger map would show no surroundings, so the page tells a more
distant place only in words."""


class Drawing(Redacted, frozen=True, kw_only=True):
    """A map: the drawn things and their spots. North is up."""

    frame: MapFrame
    outlines: Sequence[Outline]
    markers: Sequence[Marker]
    scale: Scale

    @property
    def is_empty(self) -> bool:
        """Whether the map shows no part of the geography, and so is of no use."""
        return not self.outlines and not self.markers


def draw(
    geography: Geography,
    language: str,
    shown: Sequence[Point],
    *,
    first: Sequence[Station] = (),
    others: bool = True,
    taken: Iterable[Point] = (),
    gap: float = LABEL_GAP,
) -> Drawing:
    """Draw the part of the geography around some points.

    Args:
        geography: the districts and stations.
        language: the language of the names.
        shown: the points that the map shows in any case, at least one.
        first: the stations that get room for their names first.
        others: whether the other stations are marked too.
        taken: points that no name may cover.
        gap: as in `Marker`.
    """
    frame = fit(shown, _WIDTH, _HEIGHT, _LEAST_KM)
    stations = [*first, *(one for one in geography.stations() if others and one not in first)]
    named = [(one.label(language), one.position) for one in stations if one.position]
    return Drawing(
        frame=frame,
        outlines=outlines(geography, frame, language),
        markers=mark(named, frame, [frame.spot(point) for point in taken], gap),
        scale=frame.scale(_LONGEST_SCALE),
    )


class Disc(msgspec.Struct, frozen=True, kw_only=True):
    """The tips of one station. Its area grows with their number."""

    station: str
    """Its name."""
    x: float
    y: float
    radius: float
    number: int


class DistrictMap(msgspec.Struct, frozen=True, kw_only=True):
    """A map of a desk's tips, with the number of tips that it can't show."""

    drawing: Drawing
    discs: Sequence[Disc]
    """The discs, the largest first, so that a small one is drawn on top."""
    unplaced: int
    """Tips without a station whose position is known."""


def district_map(geography: Geography, language: str, tips: int, stations: Mapping[str, int]) -> DistrictMap | None:
    """Draw the stations with tips, so near that their names have room; None if no position is known.

    Args:
        geography: the districts and stations.
        language: the language of the names.
        tips: the number of all tips.
        stations: the number of tips by code of the station.
    """
    known = [(number, one) for code, number in stations.items() if (one := geography.station(code))]
    found = sorted(known, key=itemgetter(0), reverse=True)
    placed = [(number, one, one.position) for number, one in found if one.position]
    if not placed:
        return None
    shown = [position for _, _, position in placed]
    first = [one for _, one, _ in placed]
    drawing = draw(geography, language, shown, first=first, others=False, gap=_LARGEST + _SMALLEST)
    most = placed[0][0]
    return DistrictMap(
        drawing=drawing,
        discs=[
            _disc(one.label(language), drawing.frame.spot(position), number, number / most)
            for number, one, position in placed
        ],
        unplaced=tips - sum(number for number, _, _ in placed),
    )


def _disc(station: str, spot: Spot, number: int, share: float) -> Disc:
    radius = max(_SMALLEST, _LARGEST * math.sqrt(share))
    return Disc(station=station, x=spot[0], y=spot[1], radius=round(radius, 1), number=number)


class PlaceMap(Redacted, frozen=True, kw_only=True):
    """The place of a tip. Without a pin the map shows the station or district that the tip names."""

    pin: Point | None = None
    named: str = ""
    """Code of the station or district that the tip names; empty: the tip has a pin."""
    is_outside: bool = False
    """Whether the pin lies in no district of the geography."""
    near: Sequence[Bearing] = ()
    """The pin's distance and direction from the stations nearest to it."""
    drawing: Drawing
    spot: Spot | None = None
    """The spot of the pin, or of the named station."""
    files: Sequence[tuple[str, Spot]] = ()
    """Ordinal of a file → the spot where it was taken, according to the file."""


def place_map(tip: OpenTip, geography: Geography, language: str) -> PlaceMap | None:
    """Return the map of a tip's place; None if the tip names no place with a known position, or is a release.

    A desk that received a release gets no map: this desk may know the release, and no more.
    """
    if tip.envelope.tip_recipient:
        return None
    pin = pin_of(tip)
    if pin:
        return _of_pin(tip, pin, geography, language)
    station, district = geography.station(tip.tip.station), geography.district(tip.tip.district)
    if station and station.position:
        drawing, files = _around(tip, station.position, geography, language)
        return PlaceMap(named=station.code, drawing=drawing, spot=drawing.frame.spot(station.position), files=files)
    if district and district.border:
        return PlaceMap(named=district.code, drawing=draw(geography, language, district.border))
    return None


def _of_pin(tip: OpenTip, pin: Point, geography: Geography, language: str) -> PlaceMap:
    drawing, files = _around(tip, pin, geography, language)
    return PlaceMap(
        pin=pin,
        is_outside=geography.is_outside(pin),
        near=from_stations(geography, pin, _NEAREST),
        drawing=drawing,
        spot=drawing.frame.spot(pin),
        files=files,
    )


def _around(tip: OpenTip, point: Point, geography: Geography, language: str) -> tuple[Drawing, list[tuple[str, Spot]]]:
    """Draw a point with the stations and the places of files that are near it."""
    stations = [one.station for one in geography.nearest(point, _NEAREST)]
    places = [
        (record.ordinal, where)
        for record in tip.evidence
        if (where := place_of(record)) and kilometres(where, point) <= _ON_MAP_KM
    ]
    taken = [point, *(where for _, where in places)]
    shown = [*taken, *(one.position for one in stations if one.position)]
    drawing = draw(geography, language, shown, first=stations, taken=taken)
    return drawing, [(ordinal, drawing.frame.spot(where)) for ordinal, where in places]
