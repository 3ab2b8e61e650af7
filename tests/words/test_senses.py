"""A text has its surest meaning: an exact word acts, a negation or question wins, a small word is no command."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import IRREVERSIBLE, Asked, Confidence, Kind
from support.dialogue.corpus import asked_at
from support.loops import every_row

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)

CATALOGUES = Catalogues.of("satark.dialogue")

STEPS = ["category", "what", "place", "station", "police", "police_unit", "evidence", "review", "reach", "cancel"]

ASKED = {step: asked_at(step, GEOGRAPHY, CATALOGUES) for step in STEPS}

SENDS = ["bhej do", "भेज दें", "send it", "haan", "yes", "ہاں", "بھیج دیں", "भेज दीं", "submit", "ji haan", "sahi hai"]

NEGATIONS = ["mat", "मत", "nahi", "नहीं", "don't", "not", "مت", "نہیں", "नइखे", "na", "never"]

QUESTIONS = ["kya", "क्या", "?", "kyun", "should i", "کیا", "why"]

LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

FREE = ("what", "place", "police_who", "who", "vehicle", "how_often", "when_date")

EVERY_KIND = (*FREE, "category", "police", "when", "review", "reach", "evidence", "origin")

CAR = "He has a white car with the number 4411"


def acts(text: str, asked: Asked) -> bool:
    reading = READER.read(text, asked)
    acting = any(option.acts and option.id == reading.option for option in asked.options)
    return (reading.kind is Kind.OPTION and acting) or reading.command in IRREVERSIBLE


@every_row("send", SENDS)
def test_an_exact_word_or_phrase_sends(send: str) -> None:
    reading = READER.read(send, ASKED["review"])
    assert (reading.kind, reading.option, reading.confidence) == (Kind.OPTION, "send", Confidence.CERTAIN)


@pytest.mark.slow("a whole corpus")
@LAWS
@given(st.sampled_from(SENDS), st.sampled_from(NEGATIONS), st.booleans(), st.text(max_size=20))
def test_with_a_negation_nothing_is_sent(send: str, negation: str, before: bool, more: str) -> None:  # noqa: FBT001
    text = f"{negation} {send} {more}" if before else f"{send} {negation} {more}"
    assert not acts(text, ASKED["review"]), text


@pytest.mark.slow("a whole corpus")
@LAWS
@given(st.sampled_from(SENDS), st.sampled_from(QUESTIONS), st.booleans(), st.text(alphabet="abc deअबस", max_size=12))
def test_with_a_question_nothing_is_sent(send: str, question: str, before: bool, more: str) -> None:  # noqa: FBT001
    text = f"{question} {send} {more}" if before else f"{send} {more} {question}"
    assert not acts(text, ASKED["review"]), text


@LAWS
@given(st.text(alphabet="abcdefgh ijklmnopqrstuvwxyzअआकखगदनपबमरलस", min_size=12, max_size=60), st.sampled_from(STEPS))
def test_chance_letters_never_act(text: str, step: str) -> None:
    assert not acts(text, ASKED[step]), text


@every_row("text", ["ok", "👍", "theek hai", "thanks", "hmm", "shukriya ji", "maybe", "1 minute", "bhej dunga"])
@every_row("step", ["review", "reach", "cancel"])
def test_a_merely_polite_text_does_not_act(text: str, step: str) -> None:
    assert not acts(text, ASKED[step])


@every_row("step", EVERY_KIND)
def test_a_car_with_a_number_is_not_read_as_a_wait(step: str) -> None:
    reading = READER.read(CAR, asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue")))
    assert reading.kind is not Kind.WAIT


@every_row("step", [step for step in FREE if step != "place"])
def test_a_car_with_a_number_is_an_answer(step: str) -> None:
    assert READER.read(CAR, asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue"))).kind is Kind.CONTENT


@every_row("step", FREE)
@every_row("text", ["an answer", "some answer he gave", "मेरे घर के पास", "میرے گھر کے پیچھے", "we help"])
def test_one_word_among_other_words_is_no_command(step: str, text: str) -> None:
    reading = READER.read(text, asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue")))
    assert reading.kind is not Kind.COMMAND


@every_row("step", FREE)
@every_row("text, command", [("back", "back"), ("पीछे", "back"), ("piche jana h", "back"), ("❓", "help")])
def test_a_command_alone_or_in_its_own_phrase_acts(step: str, text: str, command: str) -> None:
    reading = READER.read(text, asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue")))
    assert (reading.kind, reading.command) == (Kind.COMMAND, command)
    assert reading.confidence >= Confidence.LIKELY


PLACE = asked_at("place", GEOGRAPHY, CATALOGUES)


@every_row("text", [".112", "112", "yahin", "यहीं पे", "yahan pe", "wahi", "here", "over there", "ihan", "एहिजे"])
def test_a_text_without_a_place_is_asked_again_at_the_place(text: str) -> None:
    reading = READER.read(text, PLACE)
    assert (reading.kind, reading.story) == (Kind.UNCLEAR, False)


@every_row("text", ["kal raat 10 baje", "कल रात १० बजे", "kaali gaadi", "काली गाड़ी", "white pickup", "UP65AX1234",
                    "kariya gaadi", "last night"])  # fmt: skip
def test_a_time_or_a_vehicle_is_kept_and_is_no_place(text: str) -> None:
    reading = READER.read(text, PLACE)
    assert (reading.kind, reading.story) == (Kind.UNCLEAR, True)


@every_row("text", ["bus stand", "truck adda", "221005", "gaon ke bahar", "यहाँ मंदिर के पीछे", "nh 2 pe", "ward no 12"])
def test_a_landmark_or_an_unknown_name_is_a_place(text: str) -> None:
    assert READER.read(text, PLACE).kind is Kind.CONTENT


@every_row("text", ["uska bhai bhi", "5 log hai", "okar bhai bhi ba", "his brother too", "यूपी 65 एक्स 1234"])
@every_row("step", ["what", "review"])
def test_a_short_detail_belongs_to_the_tip(text: str, step: str) -> None:
    assert READER.read(text, ASKED[step]).story


def sure(step: str, text: str) -> bool:
    """Return whether a text surely chooses an option."""
    reading = READER.read(text, asked_at(step, Geography.sample(), CATALOGUES))
    return bool(reading.option) and reading.confidence > Confidence.GUESS


@every_row(
    "step, text",
    [
        ("category", "smack bechne wala"), ("police", "haan daroga ji ke hissa jata hai har hafta"),
        ("now", "har raat hota hai din me nahi"), ("when", "कल हुआ था शाम के"), ("danger", "nahi bhai koi khatra nahi"),
    ],
)  # fmt: skip
def test_two_readings_that_agree_are_sure(step: str, text: str) -> None:
    assert sure(step, text)


@every_row(
    "step, text",
    [
        ("category", "लिंक दबाया तो खाता खाली हो गया"), ("now", "kyu tum abhi aa jaoge kya?"),
        ("when", "kal bhi hua tha kal bhi hoga"), ("known_by", "Only I saw but I told in tea stall"),
        ("danger", "bahut khatarnak aadmi hai bhaiya, zubaan ka. haath nahi uthata"),
    ],
)  # fmt: skip
def test_what_another_word_asks_denies_or_limits_is_not_sure(step: str, text: str) -> None:
    assert not sure(step, text)


@every_row("text", ["pure khoon pasine ki kamai le gaya thag", "afeem factory se chori ka maal nikalte hai"])
def test_a_story_between_two_categories_is_in_doubt(text: str) -> None:
    assert "category" in READER.open(text).doubts
