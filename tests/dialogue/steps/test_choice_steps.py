"""Options are chosen one or several at a time, and stored by their codes, never by a tipster's words."""

from __future__ import annotations

from secrets import token_hex

import pytest

from satark.api.flow import Step, View
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.steps.choice_steps import ChoiceSettings, ChoiceStep, _stations
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import District, Geography, Station
from support.dialogue.small_flows import SEND, small_chat

STATIONS = Step(id="station", type=ChoiceStep(), settings=ChoiceSettings(source="stations", of="told"))


def test_choices_are_ticked_one_by_one_until_done() -> None:
    talk = small_chat("- {id: a, type: choices, options: [x, y]}" + SEND).say("Hi").tap("y").tap("x")
    assert [choice.label for choice in talk.prompt.choices] == ["✓ a x", "✓ a y"]
    talk.tap("y", "y", "@done")
    assert "a x, a y" in talk.text
    assert talk.tap("send").submission is not None
    assert talk.submission is not None
    assert talk.submission.answers == {"a": ["x", "y"]}


@pytest.mark.parametrize(("typed", "value"), [("yes", "yes"), ("nope", "no")])
def test_confirm_takes_yes_and_no(typed: str, value: str) -> None:
    talk = small_chat("- {id: a, type: confirm}" + SEND).say("Hi", typed).tap("send")
    assert talk.submission is not None
    assert talk.submission.answers == {"a": value}


@pytest.mark.slow("a third of a second of a processor")
def test_a_station_answers_the_question_for_the_district() -> None:
    two = Geography(
        District(
            code=f"d{number}",
            names={"en": name},
            range="r",
            stations=(Station(code=f"s{number}", names={"en": station}, latitude=number * 9, longitude=1),),
        )
        for number, name, station in ((1, "One", "First"), (2, "Two", "Second"))
    )
    shipped = default_flow()
    talk = Chat(Engine(load_flow(shipped), shipped.catalogues, two))
    talk.say("Hi", "2", "daru", "They sell it every night", "beside the old well")
    assert talk.step == "district"
    assert talk.offered() == ["d1", "d2", "elsewhere", "unknown"]
    talk.say("second", "no", "skip").tap("send")
    assert talk.submission is not None
    assert (talk.submission.place.district, talk.submission.place.station) == ("d2", "s2")


def options(told: str) -> list[str]:
    view = View(
        catalogue=Catalogues.of("satark.dialogue")["en"],
        geography=Geography.sample(),
        channel="chat",
        now=0,
        values={"told": told},
    )
    return [option.code for option in STATIONS.type.ask(STATIONS, view).options]


def test_words_in_place_of_a_district_offer_every_station_and_are_not_stored() -> None:
    assert options(token_hex()) == [station.code for station in Geography.sample().stations()]
    kept = _stations.cache_info().currsize
    options(token_hex())
    assert _stations.cache_info().currsize == kept


def test_a_district_offers_its_own_stations() -> None:
    assert options("jaunpur") == [station.code for station in Geography.sample().stations("jaunpur")]


@pytest.mark.parametrize(
    "typed",
    ["2", "२", "२.", "2)", "2️⃣", "अवैध शराब / नशा", "अवैध शराब नशा", "शराब", "दारू", "daru", "sharab wala", "liquor"],
)
def test_a_category_is_chosen_in_many_ways(chat: Chat, typed: str) -> None:
    chat.say("Hi", "1", typed)
    assert chat.step == "what"
    assert chat.session is not None
    assert chat.session.answers["category"].value == "INTOX"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("sand", "MINE"), ("बालू", "MINE"), ("cow", "COW"), ("jua", "GAMBL"), ("12", "OTHER"), ("१०", "POLCOR")],
)
def test_other_words_and_numbers_choose_categories(chat: Chat, typed: str, code: str) -> None:
    chat.say("Hi", "2", typed)
    assert chat.session is not None
    assert chat.session.answers["category"].value == code


@pytest.mark.parametrize("typed", ["लंका", "lanka", "thana lanka", "1"])
def test_a_station_is_chosen_by_name(chat: Chat, typed: str) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily", "behind the big temple in Varanasi", typed)
    chat.say("no", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.place.station == "lanka"
    assert chat.submission.answers["place"]["station"] == "lanka"
