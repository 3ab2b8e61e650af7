"""The map: every station where it is, north above south, labels that do not cover one another."""

from __future__ import annotations

import itertools
import unicodedata

import pytest

from satark.geography.geography import Geography
from satark_web_form.map.drawing import Spot, draw


@pytest.mark.parametrize("language", ["hi", "en"])
def test_every_station_stands_where_it_is(language: str) -> None:
    geography = Geography.sample()
    drawn = draw(geography, language)
    assert drawn
    for station, spot in zip(geography.stations(), drawn.spots, strict=True):
        assert spot.name == station.label(language)
        assert 0 < spot.x < drawn.width
        assert 0 < spot.y < drawn.height
        latitude = drawn.north - spot.y / drawn.height * (drawn.north - drawn.south)
        longitude = drawn.west + spot.x / drawn.width * (drawn.east - drawn.west)
        assert abs(latitude - station.latitude) < 0.001
        assert abs(longitude - station.longitude) < 0.001


@pytest.mark.parametrize("language", ["hi", "en"])
def test_labels_do_not_cover_one_another_or_leave_the_map(language: str) -> None:
    drawn = draw(Geography.sample(), language)
    assert drawn
    labelled = [spot for spot in drawn.spots if spot.label]
    assert len(labelled) > 5
    boxes = [box(spot) for spot in labelled]
    assert all(left >= 0 and right <= drawn.width for left, right, _ in boxes)
    for one, other in itertools.combinations(boxes, 2):
        assert apart(one, other, 14), (one, other)
    for spot, other_spot in itertools.product(labelled, drawn.spots):
        dot = (other_spot.x - 3, other_spot.x + 3, other_spot.y)
        assert spot is other_spot or apart(box(spot), dot, 8), (spot, other_spot)


def box(spot: Spot) -> tuple[float, float, float]:
    """From where to where a label stands, roughly, and how high."""
    width = 7 * sum(not unicodedata.category(letter).startswith("M") for letter in spot.label)
    return (spot.label_x - width, spot.label_x, spot.y) if spot.left else (spot.label_x, spot.label_x + width, spot.y)


def apart(one: tuple[float, float, float], other: tuple[float, float, float], height: float) -> bool:
    """Whether two of them cover nothing of each other."""
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
    drawn = draw(Geography.sample(), "hi")
    assert drawn
    at = drawn.at(latitude, longitude)
    assert (at is not None) == inside
    if at is not None:
        assert abs(drawn.north - at[1] / drawn.height * (drawn.north - drawn.south) - 25.3) < 0.001


def test_an_area_without_stations_has_no_map() -> None:
    assert draw(Geography([]), "hi") is None
