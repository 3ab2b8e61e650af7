"""Choices: the options of the geography are kept by its own codes, never by what a tipster wrote."""

from __future__ import annotations

from secrets import token_hex

from satark.api.flow import Step, View
from satark.dialogue.steps.choice_steps import ChoiceSettings, ChoiceStep, _stations
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography

STATIONS = Step(id="station", type=ChoiceStep(), settings=ChoiceSettings(source="stations", of="told"))


def options(told: str) -> list[str]:
    view = View(
        catalogue=Catalogues.of("satark.dialogue")["en"],
        geography=Geography.sample(),
        channel="chat",
        now=0,
        values={"told": told},
    )
    return [option.code for option in STATIONS.type.ask(STATIONS, view).options]


def test_words_in_place_of_a_district_offer_every_station_and_are_not_kept() -> None:
    assert options(token_hex()) == [station.code for station in Geography.sample().stations()]
    kept = _stations.cache_info().currsize
    options(token_hex())
    assert _stations.cache_info().currsize == kept


def test_a_district_offers_its_own_stations() -> None:
    assert options("jaunpur") == [station.code for station in Geography.sample().stations("jaunpur")]
