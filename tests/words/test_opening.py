"""A story tells its category and its place, and whom and which time it means, whatever it denies beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.opening import happens_now, is_denied, moment_of
from satark_words.reader import Reader
from satark_words.reading import Asked, Opening
from support.dialogue.corpus import Utterance, asked_at, fits, read_corpus
from support.loops import every_row

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)

CATALOGUES = Catalogues.of("satark.dialogue")

STEPS = ["category", "what", "place", "station", "police", "police_unit", "evidence", "review", "reach", "cancel"]

ASKED = {step: asked_at(step, GEOGRAPHY, CATALOGUES) for step in STEPS}


def test_a_first_message_is_read_whole() -> None:
    opening = READER.open("लंका सामने घाट पर रोज़ रात 2 बजे अवैध बालू खनन होता है, दरोगा पैसे लेता है")
    assert (opening.category, opening.place.station, opening.often) == ("MINE", "lanka", True) or opening.police
    assert opening.place.station == "lanka"


@every_row(
    "text, code",
    [("cow slaughter", "COW"), ("gaay ki hatya", "COW"), ("police wala sharab bechta hai", "POLCOR"), ("beef", "COW"),
     ("हफ़्ता", "EXTORT"), ("घूसखोर दरोगा", "POLCOR"), ("ret", "MINE"), ("juwa", "GAMBL"), ("شراب", "INTOX"),
     ("thane ke pass sharab bikti hai", "INTOX"), ("ghar me ghus kar maara", "HEIN"), ("अपहरण", "HEIN")],
)  # fmt: skip
def test_categories_are_read_as_meant(text: str, code: str) -> None:
    assert READER.read(text, ASKED["category"]).option == code


OPENINGS = Path(__file__).parent / "openings"
DIALOGUE = Path(__file__).parent / "corpora" / "dialogue"


def _stated(opening: Opening) -> Iterator[str]:
    if opening.when:
        yield opening.when
    if opening.often and opening.when != "now":
        yield "often"
    if opening.police or opening.category == "POLCOR":
        yield "police"


def _misread(file: str) -> list[Utterance]:
    return [one for one in read_corpus(OPENINGS / file) if set(_stated(READER.open(one.text))) != _meant(one)]


def _meant(one: Utterance) -> set[str]:
    return set(one.meant) - {"none"}


def test_a_negation_and_a_time_belong_to_the_words_that_they_stand_with() -> None:
    assert [one.text for one in _misread("issue.txt")] == []


@pytest.mark.slow("half a second of a processor")
@pytest.mark.parametrize("file", ["seen.txt", "held_out.txt", "third.txt", "fourth.txt", "fifth.txt", "sixth.txt"])
def test_what_stories_say_of_police_and_time_is_read_as_meant(file: str) -> None:
    count = sum(1 for _ in read_corpus(OPENINGS / file))
    assert len(_misread(file)) <= count * 0.05


@every_row("file", ["steps_now.txt", "steps_now_unseen.txt"])
def test_the_steps_that_were_understood_worst_are_read_as_meant(file: str) -> None:
    utterances = list(read_corpus(DIALOGUE / file))
    wrong = [one.text for one in utterances if not fits(READER.read(one.text, _asked(one.step)), one.meant)]
    assert len(wrong) <= len(utterances) * 0.02, wrong


def _asked(step: str) -> Asked:
    return ASKED.get(step) or asked_at(step, GEOGRAPHY, CATALOGUES)


@every_row(
    "text",
    [
        "The reader at the SP office takes 5000 rupees to drop names from cases",
        "Reader of CO office charges money to close cases",
        "the clerk of the SP office charges a fee for removing a name",
        "SP office ka babu naam hatane ke 5000 leta hai",
        "constable charges a fee for every verification",
        "एसपी ऑफिस का रीडर केस से नाम हटाने के पाँच हजार लेता है",
    ],
)
def test_a_complaint_about_police_is_no_question_about_rewards(text: str) -> None:
    for asked in (*ASKED.values(), _asked("language")):
        assert READER.read(text, asked).topic != "reward"
    assert READER.open(text).category == "POLCOR"


@every_row(
    "text, count",
    [
        ("police mili hui nahi hai gaon ke ladke juwa khelte hai", 2),
        ("thane me shikayat ki par police nahi aayi", 2),
        ("ghat par balu nikalta hai", 1),
        ("दरोगा नहीं बल्कि सिपाही पैसे लेता है", 2),
        ("they sell liquor but the police do not come", 2),
    ],
)
def test_a_clause_ends_at_a_stop_a_but_and_a_hindi_verb(text: str, count: int) -> None:
    assert len(set(READER.analyse(text).clauses)) == count


@every_row(
    "text, mark, denied",
    [
        ("police mili hui nahi hai", "k.with", True),
        ("daroga mila hua hai paise nahi leta", "k.with", False),
        ("I do not think the police are involved", "k.with", True),
        ("police are involved but they do not come", "k.with", False),
        ("बिना रसीद पैसे लेता है", "act.take", False),
    ],
)
def test_a_negation_denies_the_words_beside_it_in_its_clause(text: str, mark: str, denied: bool) -> None:  # noqa: FBT001
    analysis = READER.analyse(text)
    found = analysis.found(mark)
    assert found
    assert all(is_denied(analysis, one) is denied for one in found)


@every_row(
    "text, moment, now",
    [
        ("abhi nahi ho raha, kal hua", "past", "no"),
        ("kal nahi abhi maar rahe hai", "now", "yes"),
        ("raat ko hota h", "", "no"),
        ("kal se chal raha hai", "past", "yes"),
        ("abhi nahi aaye par kal aayenge", "coming", "no"),
        ("mandir ke paas", "", ""),
    ],
)
def test_the_verb_decides_between_two_times(text: str, moment: str, now: str) -> None:
    analysis = READER.analyse(text)
    assert (moment_of(analysis), happens_now(analysis)) == (moment, now)
