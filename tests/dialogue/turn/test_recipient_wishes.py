"""Wishes that an office shall or shall not get a tip are recognised at every question and answered."""

from __future__ import annotations

import pytest

from satark.dialogue.engine import Engine
from satark_testing.dialogue.chat import Chat
from support.loops import every_row

UNTIL = {
    "first": (),
    "category": ("Hi", "2"),
    "what": ("Hi", "2", "daru"),
    "place": ("Hi", "2", "daru", "They sell it every night"),
    "police": ("Hi", "2", "daru", "They sell it every night", "Lanka"),
    "evidence": ("Hi", "2", "daru", "They sell it every night", "Lanka", "no"),
    "review": ("Hi", "2", "daru", "They sell it every night", "Lanka", "no", "skip"),
}
"""Question → the messages that lead to it."""
NO_STATION = [
    "bas thane me mat bhejna SP theek hai", "बस थाने में मत भेजना एसपी ठीक है", "not to the thana, the SP is fine",
    "thane wale ko na bhejna, kaptan sahab sahi hai", "SP is good but keep the station out",
    "kaptan thik hai thana nahi",    "SP okay, thana no", "SP sahab ok hai, thane ke log na padhe",
    "sirf SP padhe", "केवल एसपी पढ़ें", "bas kaptan saheb padhas", "just the SP please", "khali kaptan ke diha",
    "only the superintendent should read this", "SP aur DIG ke alawa koi na dekhe",
    "thana wale na dekhe", "थाने वाले न देखें", "local thana must not know", "local police shouldn't see this",
    "don't let the thana find out", "थाने को भनक न लगे", "thana walan ke pata na chale", "na thana na chowki ko batana",
    "थानेदार को नहीं, सीधे कप्तान साहब को", "दरोगा को नहीं, सीधे एसपी को", "not to the SHO, straight to the SP",
    "thanedar ko nahi seedha SP sahab ko", "thane tak baat na jaye", "थाने तक बात न जाए",
    "thane aur chowki ko mat batana",    "koi bhi police wala na dekhe",
    "कोई भी पुलिस वाला न देखे", "koi policewala na padhe",
    "no policeman should see this",
]  # fmt: skip
"""Wishes that no station reads the tip, and the SP does."""
NO_SP = [
    "only DIG please", "sirf DIG sahab tak jaye", "सिर्फ डीआईजी देखें", "nobody but the DIG should read it",
    "DIG theek hai, SP nahi", "not the SP, the DIG is okay", "SP ko nahi DIG ko bhejo",
]  # fmt: skip
"""Wishes that the SP does not read the tip, and the DIG does."""


@pytest.mark.slow("two hundred conversations")
@every_row("step", UNTIL)
@every_row("words", [*NO_STATION, *NO_SP])
def test_a_wish_is_heard_and_answered_at_every_question_and_is_no_answer(engine: Engine, step: str, words: str) -> None:
    chat = Chat(engine).say(*UNTIL[step])
    before = chat.session.answers if chat.session else {}
    chat.say(words)
    assert chat.session is not None
    levels = {one.level for one in chat.session.accused}
    assert levels == ({"district"} if words in NO_SP else {"unknown"})
    told = engine._loaded.text(chat.session, "accused.kept" if words in NO_SP else "accused.station")
    assert chat.text.startswith(told)
    assert not chat.session.held
    assert words not in str(chat.session.answers)
    assert chat.step == (step if step in before or step != "first" else "category")


@every_row("words", ["SP thik hai, DIG nahi", "एसपी ठीक हैं, डीआईजी नहीं", "SP is ok, not the DIG", "DIG ko mat batana"])
def test_a_tipster_who_does_not_want_the_dig_hears_that_this_is_impossible(engine: Engine, words: str) -> None:
    chat = Chat(engine).say(*UNTIL["review"], words)
    assert chat.session is not None
    assert {one.level for one in chat.session.accused} == {"range"}
    assert chat.text.startswith(engine._loaded.text(chat.session, "accused.nobody_above"))


@every_row("words", ["SP ko dena", "एसपी को देना", "send it to the SP", "SP theek hai", "SP ko bata do"])
def test_a_tipster_whose_wish_is_met_already_hears_who_reads_the_tip(engine: Engine, words: str) -> None:
    chat = Chat(engine).say(*UNTIL["review"], words)
    assert chat.session is not None
    assert not chat.session.accused
    assert chat.text.startswith(engine._loaded.text(chat.session, "reply.question.readers"))


@every_row("words", ["sirf SP", "only the SP", "केवल एसपी", "bas kaptan sahab", "SP hi"])
def test_a_tipster_asked_whom_they_accuse_accuses_only_the_named_units(engine: Engine, words: str) -> None:
    chat = Chat(engine).say(*UNTIL["police"], "yes", words)
    assert chat.session is not None
    assert "district" in {one.level for one in chat.session.accused}


@every_row("words", ["SP thik hai par hissa leta hai", "SP theek hai, usko paisa jata hai", "the SP is fine with them"])
def test_praise_beside_an_accusation_frees_nobody(engine: Engine, words: str) -> None:
    chat = Chat(engine).say(*UNTIL["review"], words)
    assert chat.session is not None
    assert "district" in {one.level for one in chat.session.accused}


def test_a_wish_beside_a_story_is_answered_and_the_story_stored(engine: Engine) -> None:
    chat = Chat(engine).say("Hi", "2", "lanka me ramesh daru bechta hai. thane wale na dekhe")
    assert chat.session is not None
    assert engine._loaded.text(chat.session, "accused.station") in chat.text
    assert "ramesh" in str(chat.session.answers["what"].value)
