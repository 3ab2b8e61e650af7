"""The map shows every station at its position, north above south, with labels that do not overlap."""

from __future__ import annotations

import itertools
import unicodedata

import pytest

from satark_web_form.map.area_map import draw_map
from satark_words.geography.geography import Geography
from satark_words.geography.maps import Marker
from satark_words.reader import Reader


@pytest.mark.parametrize("language", ["hi", "en"])
def test_every_station_is_at_its_position(language: str) -> None:
    geography = Geography.sample()
    area_map = draw_map(geography, language)
    assert area_map
    placed = [station for station in geography.stations() if station.latitude and station.longitude]
    for station, marker in zip(placed, area_map.markers, strict=True):
        assert station.latitude
        assert station.longitude
        assert marker.name == station.label(language)
        assert 0 < marker.x < area_map.width
        assert 0 < marker.y < area_map.height
        latitude = area_map.north - marker.y / area_map.height * (area_map.north - area_map.south)
        longitude = area_map.west + marker.x / area_map.width * (area_map.east - area_map.west)
        assert abs(latitude - station.latitude) < 0.001
        assert abs(longitude - station.longitude) < 0.001


@pytest.mark.parametrize("language", ["hi", "en"])
def test_every_district_has_an_outline_and_every_station_a_distinct_name(language: str) -> None:
    geography = Geography.sample()
    area_map = draw_map(geography, language)
    assert area_map
    assert [one.name for one in area_map.outlines] == [one.label(language) for one in geography.districts]
    corners = [tuple(map(float, corner.split(","))) for one in area_map.outlines for corner in one.points.split()]
    assert all(0 <= x <= area_map.width and 0 <= y <= area_map.height for x, y in corners)
    for station, name in zip(geography.stations(), area_map.names, strict=True):
        assert geography.resolve(Reader.shared(geography).names(name)).station == station.code


def test_a_single_district_is_not_named_with_every_station() -> None:
    area_map = draw_map(Geography(Geography.sample().districts[:1]), "en")
    assert area_map
    assert area_map.names[0] == "Lanka"


@pytest.mark.parametrize("language", ["hi", "en"])
def test_labels_do_not_overlap_or_leave_the_map(language: str) -> None:
    area_map = draw_map(Geography.sample(), language)
    assert area_map
    labelled = [marker for marker in area_map.markers if marker.label]
    assert len(labelled) > 5
    boxes = [box(marker) for marker in labelled]
    assert all(left >= 0 and right <= area_map.width for left, right, _ in boxes)
    for one, other in itertools.combinations(boxes, 2):
        assert apart(one, other, 14), (one, other)
    for marker, other_marker in itertools.product(labelled, area_map.markers):
        dot = (other_marker.x - 3, other_marker.x + 3, other_marker.y)
        assert marker is other_marker or apart(box(marker), dot, 8), (marker, other_marker)


def box(marker: Marker) -> tuple[float, float, float]:
    """Return the beginning and end of a label, approximately, and its y."""
    width = 7 * sum(not unicodedata.category(letter).startswith("M") for letter in marker.label)
    return (
        (marker.label_x - width, marker.label_x, marker.y)
        if marker.left
        else (marker.label_x, marker.label_x + width, marker.y)
    )


def apart(one: tuple[float, float, float], other: tuple[float, float, float], height: float) -> bool:
    """Whether two labels do not overlap."""
    return abs(one[2] - other[2]) >= height or one[1] < other[0] or other[1] < one[0]


@pytest.mark.parametrize(
    ("latitude", "longitude", "inside"),
    [
        ("25.3", "83.0", True),
        ("25.300000", "83.000000", True),
        ("0", "0", False),
        ("nan", "83", False),
        ("x", "", False),
    ],
)
def test_a_position_is_marked_where_it_is(latitude: str, longitude: str, inside: bool) -> None:  # noqa: FBT001 - pytest's
    area_map = draw_map(Geography.sample(), "hi")
    assert area_map
    point = area_map.position_of(latitude, longitude)
    assert (point is not None) == inside
    if point is not None:
        assert abs(area_map.north - point[1] / area_map.height * (area_map.north - area_map.south) - 25.3) < 0.001


def test_an_area_without_stations_has_no_map() -> None:
    assert draw_map(Geography([]), "hi") is None
