"""Where anything may be told, a small word is no command, and a word without a meaning is heard as no other."""

from __future__ import annotations

import pytest

from satark_words.analysis import Analysis
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import Confidence, Kind
from satark_words.tokens import TextToken
from support.dialogue.corpus import asked_at

GEOGRAPHY = Geography.sample()
READER = Reader.shared(GEOGRAPHY)
FREE = ("what", "place", "police_who", "who", "vehicle", "how_often", "when_date")
EVERY_KIND = (*FREE, "category", "police", "when", "review", "reach", "evidence", "origin")
CAR = "He has a white car with the number 4411"


@pytest.mark.parametrize("step", EVERY_KIND)
def test_a_car_with_a_number_waits_for_nothing(step: str) -> None:
    reading = READER.read(CAR, asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue")))
    assert reading.kind is not Kind.WAIT


@pytest.mark.parametrize("step", FREE)
def test_a_car_with_a_number_is_an_answer(step: str) -> None:
    assert READER.read(CAR, asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue"))).kind is Kind.CONTENT


@pytest.mark.parametrize(
    ("word", "other"),
    [("with", "soc.wait"), ("गई", "cat.COW"), ("bhail", "cat.COW"), ("any", "cat.OTHER"),
     ("again", "cmd.skip"), ("kr", "id.work-place")],
)  # fmt: skip
def test_a_word_that_means_nothing_is_heard_as_no_other(word: str, other: str) -> None:
    assert other not in {mark.name for mark in READER.lexicon.marks([TextToken(word, 0, len(word), 0)])}


@pytest.mark.parametrize("step", FREE)
@pytest.mark.parametrize("text", ["an answer", "some answer he gave", "मेरे घर के पास", "میرے گھر کے پیچھے", "we help"])
def test_one_word_among_others_is_no_command(step: str, text: str) -> None:
    reading = READER.read(text, asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue")))
    assert reading.kind is not Kind.COMMAND


@pytest.mark.parametrize("step", FREE)
@pytest.mark.parametrize(
    ("text", "command"), [("back", "back"), ("पीछे", "back"), ("piche jana h", "back"), ("❓", "help")]
)
def test_a_command_alone_or_in_its_own_phrase_is_one(step: str, text: str, command: str) -> None:
    reading = READER.read(text, asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue")))
    assert (reading.kind, reading.command) == (Kind.COMMAND, command)
    assert reading.confidence >= Confidence.LIKELY


@pytest.mark.parametrize(
    ("text", "coming"),
    [("लूट करने वाले गिरोह का अड्डा है", False), ("chori karne wale ladke yahan baithte hain", False),
     ("वे लूट करने वाले हैं", True), ("wo log aaj raat loot karne wale", True), ("hone wali shadi me daru", True)],
)  # fmt: skip
def test_people_named_by_what_they_do_are_no_plan(text: str, coming: bool) -> None:  # noqa: FBT001
    """ "Loot karne wale" before a noun are robbers; before "hain" they are about to rob."""
    assert Analysis(text, READER.lexicon).has("time.coming", "opt.when.coming") is coming


@pytest.mark.parametrize(
    ("text", "heard"),
    [("13 saal ki ladki ki shadi kal hai", True), ("१४ साल की लड़की का ब्याह", True),
     ("13 saal se juye ka adda hai", False), ("25 saal ki ladki ki shadi hai", False)],
)  # fmt: skip
def test_an_age_makes_a_child(text: str, heard: bool) -> None:  # noqa: FBT001
    assert ("child" in {danger.kind for danger in READER.dangers(text)}) is heard
