"""The place of a tip on a map and in words: its pin, or what it names, and the stations around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from satark.api import Redacted
from satark_desk.drawing import Drawing, draw
from satark_desk.places import Bearing, from_stations, pin_of, place_of
from satark_words.geography.maps import Point, Spot, kilometres

if TYPE_CHECKING:
    from satark.casework import OpenTip
    from satark_words.geography.geography import Geography

_NEAREST: Final = 3
"""Stations that are named with their distance."""
_ON_MAP_KM: Final = 50
"""A file's place further off is told in words alone: the map would show nothing of the surroundings any more."""


class FileSpot(Redacted, frozen=True, kw_only=True):
    """Where on the map a file says that it was taken."""

    ordinal: str
    spot: Spot


class PlaceMap(Redacted, frozen=True, kw_only=True):
    """The place of a tip. Without a pin the map shows what the tip names."""

    pin: Point | None = None
    named: str = ""
    """Code of the station or district that the tip names; empty where it has a pin."""
    is_outside: bool = False
    """Whether the pin lies in no district of the geography."""
    near: Sequence[Bearing] = ()
    """Where the pin lies, as seen from the stations nearest to it."""
    drawing: Drawing
    spot: Spot | None = None
    """Of the pin or the named station."""
    files: Sequence[FileSpot] = ()


def place_map(tip: OpenTip, geography: Geography, language: str) -> PlaceMap | None:
    """Return the place of a tip; None where it tells none that has a position, or is a release.

    A desk that a release was handed over to gets no map: it is to know what the release says, and no more.
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


def _around(tip: OpenTip, point: Point, geography: Geography, language: str) -> tuple[Drawing, list[FileSpot]]:
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
    return drawing, [FileSpot(ordinal=ordinal, spot=drawing.frame.spot(where)) for ordinal, where in places]
