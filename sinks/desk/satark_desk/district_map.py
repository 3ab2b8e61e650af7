"""A desk's tips on a map of the districts: a disc at each station, as large as the number of its tips."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import msgspec

from satark_desk.drawing import Drawing, draw

if TYPE_CHECKING:
    from satark_words.geography.geography import Geography
    from satark_words.geography.maps import Spot

_LARGEST: Final = 14
"""Radius of the disc of the station with the most tips, in units."""
_SMALLEST: Final = 4


class Disc(msgspec.Struct, frozen=True, kw_only=True):
    """The tips of one station. Its area grows with their number."""

    station: str
    """Its name."""
    x: float
    y: float
    radius: float
    number: int


class DistrictMap(msgspec.Struct, frozen=True, kw_only=True):
    """The map, and what it can't show."""

    drawing: Drawing
    discs: Sequence[Disc]
    """The largest first, so that a small one lies on top."""
    unplaced: int
    """Tips without a station whose position is known."""


def district_map(geography: Geography, language: str, tips: int, stations: Mapping[str, int]) -> DistrictMap | None:
    """Draw the stations with tips, and the districts in which they are; None where no position is known.

    Args:
        geography: the districts and stations.
        language: of the names.
        tips: the number of all tips.
        stations: the number of tips by code of the station.
    """
    known = [(number, one) for code, number in stations.items() if (one := geography.station(code))]
    found = sorted(known, key=itemgetter(0), reverse=True)
    placed = [(number, one, one.position) for number, one in found if one.position]
    if not placed:
        return None
    districts = [geography.district(geography.district_of(one.code)) for _, one, _ in placed]
    corners = [corner for district in districts if district for corner in district.border]
    shown = [*corners, *(position for _, _, position in placed)]
    drawing = draw(geography, language, shown, first=[one for _, one, _ in placed], others=False)
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
