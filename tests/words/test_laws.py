"""The laws of the understanding: it never raises, never acts on a guess, and a negation or a question wins."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.identity import without_spans
from satark_words.reader import Reader
from satark_words.reading import IRREVERSIBLE, Asked, Confidence, Kind
from satark_words.tokens import normalize
from support.dialogue.corpus import asked_at

GEOGRAPHY = Geography.sample()
READER = Reader.shared(GEOGRAPHY)
CATALOGUES = Catalogues.of("satark.dialogue")
STEPS = ["category", "what", "place", "station", "police", "police_unit", "evidence", "review", "reach", "cancel"]
ASKED = {step: asked_at(step, GEOGRAPHY, CATALOGUES) for step in STEPS}
SENDS = ["bhej do", "भेज दें", "send it", "haan", "yes", "ہاں", "بھیج دیں", "भेज दीं", "submit", "ji haan", "sahi hai"]
NEGATIONS = ["mat", "मत", "nahi", "नहीं", "don't", "not", "مت", "نہیں", "नइखे", "na", "never"]
QUESTIONS = ["kya", "क्या", "?", "kyun", "should i", "کیا", "why"]
LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def acts(text: str, asked: Asked) -> bool:
    reading = READER.read(text, asked)
    acting = any(option.acts and option.id == reading.option for option in asked.options)
    return (reading.kind is Kind.OPTION and acting) or reading.command in IRREVERSIBLE


@LAWS
@given(st.text(max_size=200), st.sampled_from(STEPS))
@example("\ud800", "review")
@example("ا" * 300 + "\u200d", "what")
def test_any_text_is_read_without_raising(text: str, step: str) -> None:
    READER.read(text, ASKED[step])
    READER.open(text)
    spans = READER.own_identity(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= two.start for one, two in pairwise(spans))
    without_spans(text, [(span.start, span.end) for span in spans])


@LAWS
@given(st.text(max_size=80))
@example("ำ")
@example("ＤＡＲＵ  कहाँ॥ شراب؟ ½ ﬁ İ")
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@pytest.mark.parametrize("send", SENDS)
def test_an_exact_word_or_phrase_sends(send: str) -> None:
    reading = READER.read(send, ASKED["review"])
    assert (reading.kind, reading.option, reading.confidence) == (Kind.OPTION, "send", Confidence.CERTAIN)


@LAWS
@given(st.sampled_from(SENDS), st.sampled_from(NEGATIONS), st.booleans(), st.text(max_size=20))
def test_with_a_negation_nothing_is_sent(send: str, negation: str, before: bool, more: str) -> None:  # noqa: FBT001
    text = f"{negation} {send} {more}" if before else f"{send} {negation} {more}"
    assert not acts(text, ASKED["review"]), text


@LAWS
@given(st.sampled_from(SENDS), st.sampled_from(QUESTIONS), st.booleans(), st.text(alphabet="abc deअबस", max_size=12))
def test_with_a_question_nothing_is_sent(send: str, question: str, before: bool, more: str) -> None:  # noqa: FBT001
    text = f"{question} {send} {more}" if before else f"{send} {more} {question}"
    assert not acts(text, ASKED["review"]), text


@LAWS
@given(st.text(alphabet="abcdefgh ijklmnopqrstuvwxyzअआकखगदनपबमरलस", min_size=12, max_size=60), st.sampled_from(STEPS))
def test_chance_letters_never_act(text: str, step: str) -> None:
    assert not acts(text, ASKED[step]), text


@pytest.mark.parametrize(
    "text", ["ok", "👍", "theek hai", "thanks", "hmm", "shukriya ji", "maybe", "1 minute", "bhej dunga"]
)
@pytest.mark.parametrize("step", ["review", "reach", "cancel"])
def test_what_is_only_polite_does_not_act(text: str, step: str) -> None:
    assert not acts(text, ASKED[step])


@pytest.mark.parametrize(
    ("step", "text"),
    [("category", "sharab nahi"), ("station", "lanka nahi"), ("police_unit", "SP nahi"), ("category", "not drugs"),
     ("station", "ladka"), ("station", "लंका नहीं")],
)  # fmt: skip
def test_what_is_denied_is_not_chosen(step: str, text: str) -> None:
    assert READER.read(text, ASKED[step]).option == ""


def test_a_category_with_a_story_keeps_its_sentence() -> None:
    reading = READER.read("lanka me sharab bikti hai", ASKED["category"])
    assert (reading.option, reading.story) == ("INTOX", True)
    assert reading.opening.place.station == "lanka"


def test_a_first_message_is_read_whole() -> None:
    opening = READER.open("लंका सामने घाट पर रोज़ रात 2 बजे अवैध बालू खनन होता है, दरोगा पैसे लेता है")
    assert (opening.category, opening.place.station, opening.often) == ("MINE", "lanka", True) or opening.police
    assert opening.place.station == "lanka"


@pytest.mark.parametrize(
    ("text", "code"),
    [("cow slaughter", "COW"), ("gaay ki hatya", "COW"), ("police wala sharab bechta hai", "POLCOR"), ("beef", "COW"),
     ("हफ़्ता", "EXTORT"), ("घूसखोर दरोगा", "POLCOR"), ("ret", "MINE"), ("juwa", "GAMBL"), ("شراب", "INTOX"),
     ("thane ke pass sharab bikti hai", "INTOX"), ("ghar me ghus kar maara", "HEIN"), ("अपहरण", "HEIN")],
)  # fmt: skip
def test_categories_are_read_as_meant(text: str, code: str) -> None:
    assert READER.read(text, ASKED["category"]).option == code


def test_a_danger_is_heard_with_its_numbers() -> None:
    life = READER.dangers("he is out on bail and threatening to kill me")
    assert life[0].numbers == ("112",)
    assert "14416" in READER.dangers("मैं मरना चाहती हूँ")[0].numbers
    assert "1098" in READER.dangers("bachche ko peet rahe hai")[0].numbers
    assert {"1090", "181"} <= set(READER.dangers("pati roz marta hai mujhe")[0].numbers)


STORY = "roz raat me log sharab peete hai aur gaana bajta hai "


def test_a_danger_and_a_name_in_the_middle_of_a_long_story_are_heard() -> None:
    text = STORY * 40 + "unhone mere bhai ko jaan se maarne ki dhamki di, mera naam Ramesh Yadav hai, " + STORY * 40
    assert READER.read(text, ASKED["what"]).dangers
    assert "name" in {span.kind for span in READER.own_identity(text)}


@pytest.mark.parametrize("told", ["lanka me " + STORY * 40, STORY * 40 + "ye lanka me hai"])
def test_a_place_at_either_end_of_a_long_story_is_read(told: str) -> None:
    assert READER.open(told).place.station == "lanka"


def test_long_texts_cost_no_more_than_reading_them() -> None:
    words = "roz raat ko lanka ke paas maidan me kuch log aakar sharab bechte hai ramesh xyzab "
    once = _seconds(words * 5)
    assert _seconds(words * 50) < max(once, 0.001) * 40


def _seconds(text: str) -> float:
    began = time.process_time()
    READER.read(text, ASKED["what"])
    return time.process_time() - began
