"""Geography: pins, names, and which unit contains which."""

from __future__ import annotations

from satark_words.geography.geography import ELSEWHERE, Geography, Named
from satark_words.geography.units import Point
from satark_words.reader import Reader
from support.loops import every_row

GEO = Geography.sample()
READER = Reader.shared(GEO)


@every_row(
    "latitude, longitude, district, station",
    [
        (25.2815, 82.9995, "varanasi", "lanka"),
        (25.3250, 83.0350, "varanasi", "adampur"),  # the bridge at Rajghat
        (25.2690, 83.0290, "varanasi", "ramnagar"),  # Varanasi's part beyond the Ganga
        (25.3100, 83.0600, "chandauli", ""),  # Padaw, across the river, four kilometres from any known station
        (25.2800, 83.1200, "chandauli", "mughalsarai"),
        (25.2630, 83.2700, "chandauli", "chandauli-kotwali"),
        (24.8000, 83.2000, "chandauli", ""),  # the hills of Naugarh
        (25.5800, 83.5700, "ghazipur", "ghazipur-kotwali"),
        (25.7000, 83.4500, "ghazipur", ""),
        (25.7500, 82.6900, "jaunpur", "jaunpur-kotwali"),
        (26.0500, 82.6800, "jaunpur", "shahganj"),
        (25.9000, 82.6000, "jaunpur", ""),
        (28.6139, 77.2090, "", ""),  # Delhi
        (18.5204, 73.8567, "", ""),  # Pune
        (25.1460, 82.5690, "", ""),  # Mirzapur
        (25.3950, 82.5700, "", ""),  # Bhadohi
        (26.0700, 83.1800, "", ""),  # Azamgarh
        (25.5600, 83.9800, "", ""),  # Buxar
        (25.8550, 83.8550, "", ""),  # Rasra, in Ballia
        (25.4358, 81.8463, "", ""),  # Prayagraj
        (0.0, 0.0, "", ""),
    ],
)
def test_a_pin_falls_into_the_right_district_or_none(
    latitude: float, longitude: float, district: str, station: str
) -> None:
    found = GEO.locate((latitude, longitude))
    assert (found.district, found.station) == (district, station)
    assert GEO.is_outside((latitude, longitude)) is (not district)


@every_row("district", GEO.districts)
def test_a_pin_at_a_station_is_that_stations(district: object) -> None:
    for station in district.stations:  # type: ignore[attr-defined]
        if station.position:
            found = GEO.locate(station.position)
            assert (found.district, found.station) == (district.code, station.code)  # type: ignore[attr-defined]


@every_row(
    "text, district, station",
    [
        ("लंका चौराहे के पास", "varanasi", "lanka"),
        ("near Lanka crossing", "varanasi", "lanka"),
        ("अस्सी घाट", "varanasi", "bhelupur"),
        ("between lanka and sigra", "varanasi", ""),
        ("बड़ागाँव", "varanasi", "baragaon"),
        ("Banaras", "varanasi", ""),
        ("मुगलसराय, चंदौली", "chandauli", "mughalsarai"),
        ("Mughalsarai, Chandauli", "chandauli", "mughalsarai"),
        ("PDDU Nagar", "chandauli", "mughalsarai"),
        ("Chandauli", "chandauli", ""),
        ("Chandauli Kotwali", "chandauli", "chandauli-kotwali"),
        ("Kotwali, Jaunpur", "jaunpur", "jaunpur-kotwali"),
        ("कोतवाली, गाजीपुर", "ghazipur", "ghazipur-kotwali"),
        ("Kotwali", "", ""),  # there is one in each district
        ("Mughalsarai, Varanasi", "", ""),  # they contradict each other
        ("between lanka and mughalsarai", "", ""),
        ("gram rampur, thana cholapur", "varanasi", "cholapur"),
        ("cholapur thana, gram rampur", "varanasi", "cholapur"),
        ("Pune", ELSEWHERE, ""),
        ("Kotwali, Azamgarh", ELSEWHERE, ""),
        ("bought from Pune", "", ""),
        ("Delhi se laya hai", "", ""),
        ("Mirzapur road", "", ""),
        ("mahila ko mara", "", ""),
        ("Lanka, New Delhi", "", ""),
        ("लंका, मिर्ज़ापुर", "", ""),
        ("lankapur", "", ""),
        ("behind the temple", "", ""),
        ("", "", ""),
    ],
)
def test_names_tell_a_place_only_if_they_agree(text: str, district: str, station: str) -> None:
    found = GEO.locate(None, READER.names(text))
    assert (found.district, found.station) == (district, station)


@every_row(
    "text, point, known, district, station",
    [
        ("sigra", (25.281, 82.999), {}, "varanasi", "lanka"),
        ("Banaras", (28.6, 77.2), {}, "", ""),
        ("sigra", None, {"station": "cantt"}, "varanasi", "cantt"),
        ("Kotwali", None, {"district": "jaunpur"}, "jaunpur", "jaunpur-kotwali"),
        ("Lanka", None, {"district": "jaunpur"}, "jaunpur", ""),
        ("Kotwali, Azamgarh", None, {"district": "jaunpur"}, "jaunpur", "jaunpur-kotwali"),
        ("Lanka", None, {"district": ELSEWHERE}, ELSEWHERE, ""),
        ("", (25.281, 82.999), {"district": ELSEWHERE}, ELSEWHERE, ""),
        ("Kotwali", (28.6, 77.2), {"district": "jaunpur"}, "jaunpur", "jaunpur-kotwali"),
    ],
)
def test_a_pin_says_more_than_words_and_an_answer_more_than_both(
    text: str, point: Point | None, known: dict[str, str], district: str, station: str
) -> None:
    found = GEO.locate(point, READER.names(text), **known)
    assert (found.district, found.station) == (district, station)


@every_row(
    "codes, named",
    [
        ({"bhelupur-assi"}, Named("varanasi", "bhelupur", "bhelupur-assi")),
        ({"bhelupur-assi", "lanka"}, Named("varanasi")),
        ({"bhelupur-assi", "bhelupur-khojwan"}, Named("varanasi", "bhelupur")),
        ({"varanasi", "jaunpur", "shahganj"}, Named("jaunpur", "shahganj")),
        ({"varanasi", "jaunpur"}, Named()),
        ({ELSEWHERE, "jaunpur"}, Named()),
        ({ELSEWHERE, "lanka"}, Named()),
        (set(), Named()),
    ],
)
def test_codes_are_resolved_together(codes: set[str], named: Named) -> None:
    assert GEO.resolve(codes) == named


def test_each_unit_belongs_to_a_unit_above_it() -> None:
    assert GEO.station_of("bhelupur-assi") == "bhelupur"
    assert GEO.circle_of("bhelupur") == "bhelupur-circle"
    assert GEO.district_of("bhelupur") == "varanasi"
    assert {GEO.range_of(one.code) for one in GEO.districts} == {"varanasi-range"}
    assert [GEO.station_of("x"), GEO.circle_of("x"), GEO.district_of("x"), GEO.range_of("x")] == [""] * 4
    assert GEO.district("x") is None
    station = GEO.station("lanka")
    assert station is not None
    assert (station.label("hi"), station.label("en"), station.label("xx")) == ("लंका", "Lanka", "लंका")
    assert [GEO.label(code, "en") for code in ("jaunpur", "lanka", "bhelupur-assi", "x")] == [
        "Jaunpur", "Lanka", "Assi", "",
    ]  # fmt: skip
    assert GEO.stations("varanasi") == GEO.districts[0].stations
    assert len(GEO.stations()) == sum(len(one.stations) for one in GEO.districts)


def test_an_outpost_is_found_in_a_text_of_its_station_only() -> None:
    durgakund = READER.names("SI at Durga kund chowki")
    assert GEO.outpost_in(durgakund, "bhelupur") == "bhelupur-durgakund"
    assert GEO.outpost_in(durgakund, "lanka") == ""
    assert GEO.outpost_in(READER.names("Nagwa or Assi")) == ""
