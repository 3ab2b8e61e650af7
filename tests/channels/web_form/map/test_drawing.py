"""The map: every station where it is, north above south, labels that do not cover one another."""

from __future__ import annotations

import itertools

import pytest

from satark.dialogue.geography import Geography
from satark_web_form.map.drawing import draw


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
    assert all(spot.x + 6 + 7 * len(spot.label) < drawn.width for spot in labelled)
    for one, other in itertools.combinations(labelled, 2):
        apart = abs(one.y - other.y) >= 14 or abs(one.x - other.x) > 6 + 7 * min(len(one.label), len(other.label))
        assert apart, (one, other)


def test_an_area_without_stations_has_no_map() -> None:
    assert draw(Geography([]), "hi") is None
