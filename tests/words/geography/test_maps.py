"""A map shows the requested area to scale, with north up, and names as many places as fit."""

from __future__ import annotations

import pytest

from satark_words.geography.geography import Geography
from satark_words.geography.maps import Direction, MapFrame, Point, direction, fit, kilometres, mark, outlines
from support.loops import every_row

GHAT: Point = (25.3, 83.0)


@every_row(
    "points", [(GHAT,), (GHAT, (25.31, 83.0)), (GHAT, (25.3, 84.5)), (GHAT, (28.6, 77.2)), ((89.9, 10.0), (89.8, 20.0))]
)
def test_a_fitted_map_shows_every_point_off_its_edge(points: tuple[Point, ...]) -> None:
    frame = fit(points, 360, 270, least_km=3)
    for x, y in map(frame.spot, points):
        assert 23 <= x <= 337
        assert 23 <= y <= 247


def test_a_kilometre_is_as_long_to_the_north_as_to_the_east() -> None:
    frame = fit([GHAT], 360, 270, least_km=4)
    x, y = frame.spot(GHAT)
    _, north = frame.spot((GHAT[0] + 1 / 111.195, GHAT[1]))
    east, _ = frame.spot((GHAT[0], GHAT[1] + 1 / 111.195 / 0.9041))
    assert (x, y) == (180, 135)
    assert y - north == pytest.approx(270 / 4, abs=0.2)
    assert east - x == pytest.approx(270 / 4, abs=0.2)


@every_row("high, km, length", [(4, 1, 67.5), (40, 10, 67.5), (1.3, 0.2, 41.5), (130, 20, 41.5), (2.7, 0.5, 50)])
def test_the_scale_is_a_round_number_of_kilometres(high: float, km: float, length: float) -> None:
    scale = fit([GHAT], 360, 270, least_km=high).scale(80)
    assert scale.km == pytest.approx(km)
    assert scale.length == pytest.approx(length, abs=0.2)


@every_row(
    "north, east, expected",
    [(1, 0, "n"), (1, 1, "ne"), (0, 1, "e"), (-1, 1, "se"), (-1, 0, "s"), (-1, -1, "sw"), (0, -1, "w"), (1, -1, "nw")],
)
def test_the_direction_is_one_of_eight(north: int, east: int, expected: Direction) -> None:
    assert direction(GHAT, (GHAT[0] + north / 100, GHAT[1] + east / 90)) == expected


def test_the_nearest_stations_come_first_with_their_distance() -> None:
    geography = Geography.sample()
    near = geography.nearest((25.281, 82.999), 3)
    assert [one.station.code for one in near][:2] == ["lanka", "bhelupur"]
    assert near[0].km == 0
    assert near[1].km == pytest.approx(kilometres((25.281, 82.999), (25.2995, 82.999)))


def test_a_geography_without_positions_has_no_nearest_station() -> None:
    text = "districts: [{code: a, names: {en: A}, range: r, stations: [{code: s, names: {en: S}}]}]"
    assert Geography.parse(text).nearest(GHAT, 3) == []


def test_only_stations_on_the_map_are_marked_and_no_label_covers_a_taken_spot() -> None:
    geography = Geography.sample()
    frame = MapFrame(width=360, height=270, north=25.30, south=25.26, west=82.98, east=83.03)
    stations = [(one.label("en"), one.position) for one in geography.stations() if one.position]
    everywhere = mark(stations, frame)
    assert [one.name for one in everywhere] == ["Lanka", "Bhelupur", "Ramnagar"]
    lanka = everywhere[0]
    assert (lanka.label, lanka.left) == ("Lanka", False)
    beside = [(lanka.x + 15, lanka.y), (lanka.x - 15, lanka.y)]
    assert mark(stations, frame, beside[:1])[0].left
    assert mark(stations, frame, beside)[0].label == ""


def test_an_outline_is_drawn_where_the_district_is() -> None:
    geography = Geography.sample()
    frame = fit(geography.districts[0].border, 360, 270, least_km=1)
    drawn = outlines(geography, frame, "hi")[0]
    assert drawn.name == "वाराणसी"
    assert drawn.points.split()[0] == "{},{}".format(*frame.spot(geography.districts[0].border[0]))
