"""A place is read from names in a text, at the beginning and the end of a long text."""

from __future__ import annotations

import pytest

from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.loops import every_row

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)

STORY = "roz raat me log sharab peete hai aur gaana bajta hai "


@pytest.mark.parametrize("told", ["lanka me " + STORY * 40, STORY * 40 + "ye lanka me hai"])
def test_a_place_at_either_end_of_a_long_story_is_read(told: str) -> None:
    assert READER.open(told).place.station == "lanka"


@every_row(
    "told, codes",
    [
        ("Sadabad, Hathras", {"elsewhere"}),
        ("Sadabad", {"elsewhere"}),
        ("Sadiabad thana", {"shadiabad"}),
        ("Danapur, Patna", {"elsewhere"}),
        ("Chandausi", {"elsewhere"}),
        ("चंदौसी, मुरादाबाद", {"elsewhere"}),
        ("Sarnath Express, Chhapra", {"elsewhere"}),
        ("सारनाथ एक्सप्रेस", set()),
        ("Kashi passenger me", set()),
        ("Gorakhpur express", set()),
        ("Sarnath me", {"sarnath"}),
        ("Gandhi chowk", set()),
        ("gaon ke chowk par", set()),
        ("chowk", {"chowk"}),
        ("chowk thana", {"chowk"}),
        ("chowk me jua, Varanasi", {"chowk", "varanasi"}),
        ("chandauli kachahari road", {"chandauli"}),
        ("Ghazipur mandi, Delhi", {"ghazipur", "elsewhere"}),
        ("Delhi mandi, Ghazipur", {"ghazipur"}),
        ("बाबतपुर एयरपोर्ट रोड", {"varanasi"}),
        ("बाबतपुर में", {"varanasi"}),
        ("babatpur airport", {"varanasi"}),
        ("बदलापुर", {"badlapur"}),
        ("bhu mafia talab pat ke plot bech raha hai", set()),
        ("bhoo mafiya kabja karat baade", set()),
        ("BHU gate", {"lanka"}),
    ],
)
def test_a_name_is_no_look_alike_of_a_place_outside_a_train_or_any_towns_square(told: str, codes: set[str]) -> None:
    assert READER.names(told) == codes


@every_row(
    "told, station",
    [("Sigra nahi, Lanka me", "lanka"), ("not Sigra but Lanka", "lanka"), ("सिगरा नहीं, लंका", "lanka"),
     ("Varanasi nahi, Mughalsarai me", "mughalsarai")],
)  # fmt: skip
def test_a_denied_place_is_not_chosen(told: str, station: str) -> None:
    assert READER.open(told).place.station == station


@every_row(
    "told, is_officer",
    [("SO lanka paisa leta hai", True), ("so Sigra hafta leta hai", True), ("SO लंका पैसा लेता है", True),
     ("SO Chaubepur ghoos mangta hai", True), ("SO rohania mila hua hai", True), ("so lanka me jua hota hai", False),
     ("so Varanasi police came", False), ("so they gamble in Lanka", False)],
)  # fmt: skip
def test_the_abbreviation_so_before_a_station_is_its_officer(told: str, is_officer: bool) -> None:  # noqa: FBT001
    assert READER.analyse(told).has("unit.station") is is_officer


@every_row(
    "told",
    ["uska katil gaon me ghum raha hai", "contractor and engineer made road only on paper", "sadak kagaz par bani hai",
     "they burn plastic waste and hospital waste", "a private hospital does illegal sex test of unborn babies",
     "talab pat ke plot bech raha hai", "तालाब पाट के प्लाट बेच रहा है", "shop sells fake goods"],
)  # fmt: skip
def test_words_that_tell_a_deed_are_no_place(told: str) -> None:
    assert READER.open(told).place.text == ""
