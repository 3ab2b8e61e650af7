"""Districts, stations and outposts have names in Hindi and English, borders and distances."""

from __future__ import annotations

import math

import msgspec
import pytest

from satark_words.geography.geography import Geography
from satark_words.geography.units import District, Point, holds, kilometres, kilometres_along, on_sphere
from support.loops import every_row

GEO = Geography.sample()


def test_the_range_has_its_four_districts_with_their_public_codes() -> None:
    found = {one.code: (one.lgd, one.census, len(one.stations)) for one in GEO.districts}
    assert found == {
        "varanasi": (187, 197, 28),
        "chandauli": (135, 196, 16),
        "ghazipur": (146, 195, 27),
        "jaunpur": (152, 194, 29),
    }
    units = [unit for one in GEO.districts for unit in one.units()]
    assert all({"hi", "en"} <= unit.names.keys() for unit in units)


SQUARE = ((25.0, 82.0), (25.0, 84.0), (26.0, 84.0), (26.0, 82.0))


def district(**fields: object) -> District:
    return msgspec.convert({"code": "d", "names": {"en": "D"}, "range": "r", **fields}, District)


@every_row("point, inside", [((25.5, 83.0), True), ((25.5, 85.0), False), ((27.0, 83.0), False)])
def test_a_border_or_a_circle_says_whether_a_point_is_inside(point: Point, inside: bool) -> None:  # noqa: FBT001
    assert holds(district(border=SQUARE), point) is inside
    assert holds(district(centre=(25.5, 83.0), radius_km=50), point) is inside
    assert holds(district(), point) is None


def test_a_degree_of_latitude_is_111_kilometres() -> None:
    assert kilometres((25.0, 83.0), (26.0, 83.0)) == pytest.approx(111.2, abs=0.1)
    chord = math.dist(on_sphere((25.0, 83.0)), on_sphere((26.0, 83.0)))
    assert kilometres_along(chord) == pytest.approx(111.2, abs=0.1)
