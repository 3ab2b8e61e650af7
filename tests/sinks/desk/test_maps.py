"""The map of the overview has a disc at each station with tips, as large as their number, and says what it lacks."""

from __future__ import annotations

import pytest

from satark_desk.maps import DistrictMap, district_map
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


def test_only_stations_with_tips_are_named_and_their_whole_district_is_shown() -> None:
    made = drawn(3, {"lanka": 3})
    assert [marker.name for marker in made.drawing.markers] == ["Lanka"]
    district = Geography.sample().district("varanasi")
    assert district
    assert all(made.drawing.frame.shows(corner) for corner in district.border)


def test_tips_without_a_known_station_are_counted_beside_the_map() -> None:
    assert drawn(10, {"lanka": 3, "unknown": 2}).unplaced == 7


@pytest.mark.parametrize("stations", [{}, {"unknown": 3}])
def test_without_a_known_position_there_is_no_map(stations: dict[str, int]) -> None:
    assert district_map(Geography.sample(), "en", 3, stations) is None
