"""Mistakes from the first trial of many people's words at every step; each row is tried in every chat."""

from __future__ import annotations

from typing import Any

import pytest

from satark.api.inbound import Edited, Revoked
from satark.dialogue.engine import Engine
from satark.dialogue.session import Turn
from satark_testing.dialogue.chat import Chat
from support.loops import every_row

CHANNELS = ("whatsapp", "telegram", "sms")
CATEGORY = ("Hi", "English")
WHAT = (*CATEGORY, "Illegal mining")
PLACE = (*WHAT, "They dig sand every night")
POLICE = (*PLACE, "Lanka")
EVIDENCE = (*POLICE, "no")
REVIEW = (*EVIDENCE, "skip")
SENT = (*REVIEW, "1")
UNIT = (*POLICE, "yes")


def value(talk: Chat, step: str) -> Any:
    """The answer to a step; None: there is none."""
    assert talk.session is not None
    answer = talk.session.answers.get(step)
    return answer.value if answer else None


def at(engine: Engine, channel: str, said: tuple[str, ...], typed: str) -> Chat:
    return Chat(engine, channel).say(*said, typed)


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> str:
    """Every chat in turn."""
    return str(request.param)


@every_row(
    "said, typed, wrong",
    [
        (CATEGORY, "sharab nahi", ("category", "INTOX")),
        (CATEGORY, "शराब नहीं", ("category", "INTOX")),
        (PLACE, "lanka nahi", ("place", "lanka")),
        (UNIT, "SP nahi", ("police_unit", "district")),
    ],
)
def test_a_denied_option_is_not_chosen(
    engine: Engine, channel: str, said: tuple[str, ...], typed: str, wrong: tuple[str, str]
) -> None:
    talk, (step, not_chosen) = at(engine, channel, said, typed), wrong
    assert value(talk, step) != not_chosen
    assert not_chosen not in str(value(talk, "station"))


def test_not_mine_is_not_read_as_ones_own_voice(engine: Engine, channel: str) -> None:
    talk = Chat(engine, channel).say(*EVIDENCE).send("audio").say("done", "not mine")
    assert value(talk, "whose_voice") != "own"


@every_row("said", [(), CATEGORY, WHAT, PLACE, REVIEW])
@every_row("cry", ["bachao", "वे मुझे मार डालेंगे", "he raped me", "main marna chahti hu"])
def test_a_cry_for_help_is_recognised(engine: Engine, channel: str, said: tuple[str, ...], cry: str) -> None:
    talk = at(engine, channel, said, cry)
    assert "112" in talk.text
    assert talk.session is not None
    assert talk.session.dangers


@every_row(
    "remark",
    [
        "I want to report a crime", "is this safe?", "kya ye police ka number hai", "mujhe shikayat karni hai",
        "क्या यह सुरक्षित है?", "who will see this?", "thank you", "hello sir",
    ],
)  # fmt: skip
def test_a_remark_is_not_stored_as_a_story(engine: Engine, channel: str, remark: str) -> None:
    for said in (CATEGORY, WHAT):
        talk = at(engine, channel, said, remark)
        assert value(talk, "what") is None
        assert talk.step == ("category" if said == CATEGORY else "what")


@every_row("words", ["koi photo nahi hai", "no photo", "फोटो नहीं है", "photo nahi hai mere paas"])
def test_a_tipster_who_says_no_photo_continues_to_the_review_with_the_story_unchanged(
    engine: Engine, channel: str, words: str
) -> None:
    talk = at(engine, channel, EVIDENCE, words)
    assert (talk.step, value(talk, "what")) == ("review", "They dig sand every night")


@every_row("words", ["mera tip ka kya hua", "what happened to my tip", "मेरी सूचना का क्या हुआ"])
def test_a_question_about_a_sent_tip_begins_no_new_one(engine: Engine, channel: str, words: str) -> None:
    talk = at(engine, channel, (), words)
    assert talk.session is not None
    assert not talk.session.has_draft
    assert talk.session.state == "@code"


def test_a_sentence_at_the_category_chooses_and_is_stored(engine: Engine, channel: str) -> None:
    talk = at(engine, channel, CATEGORY, "lanka me sharab bikti hai")
    assert (value(talk, "category"), value(talk, "what")) == ("INTOX", "lanka me sharab bikti hai")
    assert value(talk, "place")["station"] == "lanka"


@every_row(
    "words, category",
    [
        ("cow slaughter", "COW"), ("beef", "COW"), ("gaay kaat rahe hai", "COW"), ("ghar me ghus kar maara", "HEIN"),
        ("police wala paisa leta hai", "POLCOR"), ("हफ़्ता", "EXTORT"), ("घूसखोर दरोगा", "POLCOR"),
        ("अपहरण", "HEIN"), ("बलात्कार", "HEIN"), ("ret", "MINE"), ("juwa", "GAMBL"),
    ],
)  # fmt: skip
def test_a_category_is_understood(engine: Engine, channel: str, words: str, category: str) -> None:
    talk = at(engine, channel, CATEGORY, words)
    assert value(talk, "category") == category


@every_row(
    "words, unit",
    [
        ("thana", "station"), ("chowki", "outpost"), ("थाना", "station"), ("SP", "district"), ("एसपी", "district"),
        ("CO sahab", "circle"), ("DIG", "range"), ("pata nahi", "unknown"),
    ],
)  # fmt: skip
def test_the_suspect_may_be_typed(engine: Engine, channel: str, words: str, unit: str) -> None:
    talk = Chat(engine, channel).say(*UNIT)
    assert "range" in talk.offered()
    talk.say(words)
    # No office stands above the DIG's here: that is said before anything is told, and nothing is chosen.
    assert value(talk, "police_unit") == (None if unit == "range" else unit)


@every_row(
    "what, place",
    [
        ("My name is Ramesh Yadav and they dig sand at night", "Lanka"),
        ("call me on 9415012345, they dig sand at night", "Lanka"),
        ("they dig sand, I live at house no B 21/34", "Lanka"),
        ("They dig sand every night", "beside my house, Lanka"),
        ("वे मेरे घर के बगल में रेत निकालते हैं", "लंका"),
    ],
)
def test_words_that_identify_the_sender_are_asked_about_before_sending(
    engine: Engine, channel: str, what: str, place: str
) -> None:
    talk = Chat(engine, channel).say(*WHAT, what, place)
    while talk.step in {"station", "district", "place"}:
        talk.say("unknown" if talk.step != "place" else "Lanka")
    talk.say("no", "skip")
    assert talk.session is not None
    assert talk.session.state == "@identity"
    assert talk.tap(talk.offered()[0]).step in {"review", "@reach"}


@every_row("words", ["ok", "👍", "theek hai", "thanks"])
def test_politeness_after_the_receipt_erases_no_contact(engine: Engine, channel: str, words: str) -> None:
    talk = at(engine, channel, SENT, words)
    assert (talk.turn.reach, talk.step) == (None, "@reach")


@every_row("words", ["2", "Yes, message me", "हाँ, संदेश भेजें"])
def test_only_its_own_words_keep_the_contact(engine: Engine, channel: str, words: str) -> None:
    assert at(engine, channel, SENT, words).turn.reach is True
    assert at(engine, channel, SENT, "haan").turn.reach is None


def test_a_fact_that_follows_the_receipt_is_added_to_the_tip(engine: Engine, channel: str) -> None:
    talk = at(engine, channel, SENT, "the truck has the number UP65 AB 1234 and comes at two")
    assert talk.turn.post is not None
    assert "UP65" in talk.turn.post.text
    assert talk.step == "@reach"


@every_row("words", ["code kho gaya", "I lost my code", "कोड खो गया", "code yaad nahi hai"])
def test_a_tipster_who_lost_the_code_hears_that_and_is_not_asked_forever(
    engine: Engine, channel: str, words: str
) -> None:
    talk = at(engine, channel, (*CATEGORY, "status"), words)
    assert "not a 16-digit code" not in talk.text
    assert talk.step != "@code"


def test_wiping_a_chat_gets_no_reply(engine: Engine, channel: str) -> None:
    talk = Chat(engine, channel).say(*WHAT, "forget me")
    for event in (Revoked("s1"), Revoked("s2"), Edited("s1", "x")):
        assert talk.hear(event).turn == Turn(session=None)
