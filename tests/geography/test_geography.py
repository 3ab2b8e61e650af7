"""Where things are: pins, names, and who belongs to whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.geography.geography import Geography, GeographyError
from satark.tip import Place

GEO = Geography.sample()
ONE = "{code: d, names: {en: D}, range: r, stations: []}"


@pytest.mark.parametrize(
    ("place", "station", "district"),
    [
        (Place(latitude=25.2815, longitude=82.9995), "lanka", "varanasi"),
        (Place(latitude=28.6, longitude=77.2), "", ""),
        (Place(text="लंका चौराहे के पास"), "lanka", "varanasi"),
        (Place(text="near Lanka crossing"), "lanka", "varanasi"),
        (Place(text="अस्सी घाट"), "bhelupur", "varanasi"),
        (Place(text="between lanka and sigra"), "", "varanasi"),
        (Place(text="lankapur"), "", "varanasi"),
        (Place(text=""), "", "varanasi"),
        (Place(text="sigra", latitude=25.281, longitude=82.999), "lanka", "varanasi"),
        (Place(text="sigra", station="cantt"), "cantt", "varanasi"),
        (Place(text="बड़ागाँव"), "baragaon", "varanasi"),
        (Place(text="Banaras", latitude=28.6, longitude=77.2), "", "varanasi"),
    ],
)
def test_a_place_is_located(place: Place, station: str, district: str) -> None:
    found = GEO.locate(place)
    assert (found.station, found.district) == (station, district)
    assert (found.text, found.latitude) == (place.text, place.latitude)


def test_who_belongs_to_whom() -> None:
    assert GEO.station_of("bhelupur-assi") == "bhelupur"
    assert GEO.circle_of("bhelupur") == "bhelupur-circle"
    assert GEO.district_of("bhelupur") == "varanasi"
    assert GEO.range_of("varanasi") == "varanasi-range"
    assert [GEO.station_of("x"), GEO.circle_of("x"), GEO.district_of("x"), GEO.range_of("x")] == [""] * 4
    assert GEO.district("x") is None
    station = GEO.station("lanka")
    assert station is not None
    assert (station.label("hi"), station.label("en"), station.label("xx")) == ("लंका", "Lanka", "लंका")
    assert GEO.stations("varanasi") == GEO.stations() == GEO.districts[0].stations


def test_an_outpost_is_found_in_a_text_of_its_station_only() -> None:
    assert GEO.outpost_in("SI at Durgakund chowki", "bhelupur") == "bhelupur-durgakund"
    assert GEO.outpost_in("SI at Durgakund chowki", "lanka") == ""
    assert GEO.outpost_in("Nagwa or Assi") == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "can't be read"),
        ("districts: [{code: d, names: {}, range: r, stations: []}]", "has no name"),
        (f"districts: [{ONE}, {ONE}]", "occurs twice"),
        ("districts: [{code: d, names: {en: D}, range: r, stations: [], more: 1}]", "more"),
    ],
)  # fmt: skip
def test_a_wrong_geography_is_refused(text: str, words: str) -> None:
    with pytest.raises(GeographyError, match=words):
        Geography.parse(text)


def test_a_geography_is_loaded_from_a_file_and_may_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text("districts: []", "utf-8")
    empty = Geography.load(path)
    assert empty.locate(Place(latitude=1.0, longitude=1.0)) == Place(latitude=1.0, longitude=1.0)
