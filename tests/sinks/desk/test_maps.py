"""The overview's map has a disc at each station with tips.

A disc's area is the number of tips. The page tells the number of tips that the map lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from satark.casework import OpenTip
from satark_desk.maps import DistrictMap, PlaceMap, district_map, place_map
from satark_files.origin import Origin
from satark_words.geography.geography import Geography


def drawn(tips: int, stations: dict[str, int]) -> DistrictMap:
    made = district_map(Geography.sample(), "en", tips, stations)
    assert made
    return made


def test_each_station_has_a_disc_whose_area_is_its_number_of_tips() -> None:
    made = drawn(30, {"lanka": 4, "cholapur": 16, "sarnath": 9})
    assert [(disc.station, disc.number) for disc in made.discs] == [("Cholapur", 16), ("Sarnath", 9), ("Lanka", 4)]
    assert [disc.radius for disc in made.discs] == [14, 10.5, 7]
    position = Geography.sample().stations("varanasi")[0].position
    assert position
    assert (made.discs[2].x, made.discs[2].y) == made.drawing.frame.spot(position)


def test_a_single_tip_among_many_can_still_be_seen() -> None:
    assert drawn(1001, {"lanka": 1000, "sigra": 1}).discs[1].radius == 4


def test_only_stations_with_tips_are_named_and_no_disc_is_under_a_name() -> None:
    assert [marker.name for marker in drawn(3, {"lanka": 3}).drawing.markers] == ["Lanka"]
    made = drawn(9, {"lanka": 4, "sigra": 4, "bhelupur": 6})
    assert all(marker.label for marker in made.drawing.markers)
    for marker in made.drawing.markers:
        for disc in made.discs:
            is_beside = marker.label_x > disc.x + disc.radius or abs(marker.y - disc.y) > disc.radius
            assert is_beside or (marker.left and marker.label_x < disc.x - disc.radius)


def test_tips_without_a_known_station_are_counted_beside_the_map() -> None:
    assert drawn(10, {"lanka": 3, "unknown": 2}).unplaced == 7


@pytest.mark.parametrize("stations", [{}, {"unknown": 3}])
def test_without_a_known_position_there_is_no_map(stations: dict[str, int]) -> None:
    assert district_map(Geography.sample(), "en", 3, stations) is None


Show = Callable[..., PlaceMap | None]
PIN = {"latitude": 25.2765, "longitude": 83.0085}


@pytest.fixture
def show(opened: Callable[..., OpenTip]) -> Show:
    """Make the map of a tip with this place, district and station, and with a photo of this origin."""

    def make(place: object, *, geography: Geography | None = None, **about: Any) -> PlaceMap | None:
        return place_map(opened(place, **about), geography or Geography.sample(), "en")

    return make


def test_a_pin_is_shown_with_the_stations_nearest_to_it(show: Show) -> None:
    place = show({"text": "Samne Ghat", **PIN})
    assert place
    assert place.pin == (25.2765, 83.0085)
    assert place.spot == place.drawing.frame.spot(place.pin)
    assert [(one.station, one.direction) for one in place.near] == [
        ("lanka", "se"),
        ("ramnagar", "w"),
        ("bhelupur", "s"),
    ]
    assert [round(one.km, 1) for one in place.near] == [1.1, 2.2, 2.7]
    assert {"Lanka", "Ramnagar", "Bhelupur"} <= {one.label for one in place.drawing.markers}
    assert not place.is_outside


def test_the_map_says_that_a_pin_is_outside_every_district(show: Show) -> None:
    place = show({"latitude": 28.6, "longitude": 77.2})
    assert place
    assert place.is_outside
    assert place.spot == place.drawing.frame.spot((28.6, 77.2))


def test_without_a_pin_the_named_station_is_shown(show: Show) -> None:
    place = show({"text": "near Sigra"}, station="sigra")
    assert place
    assert (place.pin, place.named, place.near) == (None, "sigra", ())
    assert place.spot == place.drawing.frame.spot((25.316, 82.985))


def test_without_a_station_the_district_is_shown(show: Show) -> None:
    place = show({"text": "Varanasi"}, station="")
    assert place
    assert (place.named, place.spot) == ("varanasi", None)
    assert len(place.drawing.markers) > 20


@pytest.mark.parametrize("where", [{"district": "", "station": ""}, {"district": "elsewhere", "station": "unknown"}])
def test_a_place_that_is_not_known_has_no_map(show: Show, where: dict[str, str]) -> None:
    assert show({"text": "somewhere"}, **where) is None
    assert show("somewhere", **where) is None


def test_a_pin_is_told_even_if_the_geography_has_no_positions(show: Show) -> None:
    text = "districts: [{code: varanasi, names: {en: V}, range: r, stations: [{code: lanka, names: {en: L}}]}]"
    place = show(PIN, geography=Geography.parse(text))
    assert place
    assert place.drawing.is_empty
    assert (place.pin, place.near) == ((25.2765, 83.0085), [])
    assert show({"text": "lanka"}, geography=Geography.parse(text)) is None


def test_the_map_shows_the_place_of_a_file_if_the_place_is_near(show: Show) -> None:
    near = show(PIN, origin=Origin(latitude=25.2802, longitude=83.0105))
    assert near
    assert [ordinal for ordinal, _ in near.files] == ["1"]
    assert near.files[0][1] == near.drawing.frame.spot((25.2802, 83.0105))
    far = show(PIN, origin=Origin(latitude=28.6, longitude=77.2))
    assert far
    assert far.files == []
    assert far.drawing.frame.shows((25.2765, 83.0085))
    assert not far.drawing.frame.shows((28.6, 77.2))


def test_no_repr_shows_a_place(show: Show) -> None:
    assert "25." not in repr(show(PIN))
