"""Texts, numbers, days and places are answered by telling."""

from __future__ import annotations

import pytest

from satark.api.tip import Place
from satark.dialogue.engine import Engine
from satark_testing.dialogue.chat import Chat
from support.dialogue.small_flows import SEND, small_chat


@pytest.mark.parametrize(("typed", "value"), [("12", 12), ("about १२ men", 12), ("2.5", 2.5), ("1,000", 1000)])
def test_a_number_is_read_in_any_script(typed: str, value: float) -> None:
    talk = small_chat("- {id: b, type: number, min: 1, max: 1000}" + SEND).say("Hi", typed)
    assert talk.step == "r"
    assert talk.session is not None
    assert talk.session.answers["b"].value == value


@pytest.mark.parametrize("typed", ["many", "0", "1001", "3 or 4", ""])
def test_a_text_without_a_number_is_refused(typed: str) -> None:
    assert small_chat("- {id: b, type: number, min: 1, max: 1000}" + SEND).say("Hi", typed).step == "b"


@pytest.mark.parametrize(
    ("typed", "day"),
    [("24/11/2025", "2025-11-24"), ("२४-११-२५", "2025-11-24"), ("2025-11-24", "2025-11-24"), ("today", "2026-11-18"),
     ("yesterday", "2026-11-17"), ("day before yesterday", "2026-11-16"), ("on 1.2.26 at night", "2026-02-01")],
)  # fmt: skip
def test_a_day_is_read(typed: str, day: str) -> None:
    talk = small_chat("- {id: b, type: date}" + SEND).say("Hi", typed)
    assert talk.session is not None
    assert talk.session.answers["b"].value == day


@pytest.mark.parametrize("typed", ["31/02/2026", "some day", "99/99/9999"])
def test_a_text_without_a_day_is_refused(typed: str) -> None:
    talk = small_chat("- {id: b, type: date}" + SEND).say("Hi", typed)
    assert talk.step == "b"
    assert "24/11/2026" in talk.text


def test_a_pin_gives_district_and_station(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily").pin(25.2815, 82.9995, "BHU gate")
    assert chat.step == "police"
    chat.say("no", "skip").tap("send")
    assert chat.submission is not None
    place = chat.submission.place
    assert (place.text, place.district, place.station) == ("BHU gate", "varanasi", "lanka")
    assert chat.submission.answers["place"]["latitude"] == 25.2815


def test_an_unknown_place_costs_one_question_for_district_or_station(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily", "behind the big temple")
    assert chat.step == "district"
    chat.say("Varanasi")
    assert chat.step == "police"
    chat.say("no", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.place == Place(text="behind the big temple", district="varanasi")


def test_a_place_in_a_known_district_is_asked_for_its_station_and_dont_know_is_accepted(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily", "behind the big temple in Varanasi")
    assert chat.step == "station"
    chat.say("don't know", "no", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["station"] == "unknown"


def test_a_spoken_place_is_stored(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily").send("voice").say("no", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["place"] == {"voice": "1"}


@pytest.mark.parametrize(("latitude", "longitude"), [(91.0, 0.0), (0.0, float("nan")), (float("inf"), 1.0)])
def test_an_impossible_pin_is_refused(chat: Chat, latitude: float, longitude: float) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily").pin(latitude, longitude)
    assert chat.step == "place"


def test_a_text_too_long_for_one_message_is_continued_in_the_next(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "word " * 900)
    assert chat.step == "what"
    assert "kept up to these words" in chat.text
    chat.say("and the rest")
    assert chat.step == "place"
    assert chat.session is not None
    assert chat.session.answers["what"].value.endswith("word\nand the rest")


def test_a_text_too_long_may_stay_unfinished(chat: Chat) -> None:
    assert chat.say("Hi", "2", "daru", "word " * 900, "done").step == "place"


def test_going_back_removes_the_unfinished_part(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "word " * 900, "back")
    assert chat.step == "what"
    assert "What is happening" in chat.text


def test_a_text_has_a_greatest_length(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", *(["x" * 9000] * 12))
    assert "No more can be added" in chat.text
    assert chat.say("done").step == "place"


def test_a_long_place_is_stored_and_the_tipster_hears_the_part_cut_off(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "They sell it at the shop", "left of the mill, " * 200)
    assert "very long" not in chat.text
    chat.say("back", "left of the mill, " * 300)
    assert "very long" in chat.text
    assert chat.session is not None
    assert 3900 < len(chat.session.answers["place"].value["text"]) <= 4000


def test_a_digit_is_no_answer_where_a_story_or_a_place_is_awaited(engine: Engine) -> None:
    call = Chat(engine, channel="voice").say("Hi").tap("en").tap("INTOX").say("1")
    assert call.step == "what"
    assert "not understood" in call.text
    assert call.send("voice").say("7").step == "place"
    chat = Chat(engine).say("Hi").tap("en").tap("INTOX")
    assert chat.say("1").step == "what"
    assert chat.say("they sell it", "1").step == "place"


def test_a_place_that_is_a_stations_name_is_shown_once(chat: Chat) -> None:
    chat.say("Hi", "1", "daru", "दुकान पर बिकती है", "लंका", "नहीं", "छोड़ें")
    assert "जगह: लंका\n" in chat.text
