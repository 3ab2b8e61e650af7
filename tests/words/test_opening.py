"""A story tells its category, its place, the accused and the time, whatever else it denies."""

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


@every_row(
    "text, code",
    [("lekhpal bina paisa liye khatauni nahi deta", "OTHER"), ("लेखपाल रिश्वत माँगता है", "OTHER"),
     ("patwari ghus leta hai", "OTHER"), ("BDO takes bribes for houses", "OTHER"), ("लेखपाल पइसा माँगेला", "OTHER"),
     ("tehsil clerk wants bribe for income certificate", "OTHER"),
     ("isme police nahi hai, dalal paisa leta hai", "OTHER"),
     ("इसमें पुलिस नहीं है, दलाल पैसा लेता है", "OTHER"), ("no police in this, only the agent takes money", "OTHER"),
     ("एह में पुलिस नइखे, दलाल पइसा लेला", "OTHER"), ("daroga aur lekhpal dono ghus lete hai", "POLCOR"),
     ("दरोगा जी बालू वाली गाड़ी छोड़ने का पैसा लेते हैं", "POLCOR"), ("chauki incharge ghus mangta hai", "POLCOR")],
)  # fmt: skip
def test_bribes_of_a_clerk_are_no_bribes_of_the_police(text: str, code: str) -> None:
    opening = READER.open(text)
    assert (opening.category, opening.police and code == "OTHER") == (code, False)


@every_row(
    "text, code",
    [("teen aurat mil ke daru bechti hai", "INTOX"), ("women sell liquor from their huts", "INTOX"),
     ("उसकी बीवी स्मैक बेचती है", "INTOX"), ("he makes smack in his house his wife sells", "INTOX"),
     ("मेहरारू लोग महुआ के दारू बेचेली", "INTOX"), ("नशे की गोलियाँ कॉलेज के लड़कों को बेचता है", "INTOX"),
     ("bachho ko nasha bechta hai", "INTOX"), ("uski patni katta bechti hai", "ARMS"),
     ("ladkiyo ko bech dete hai", "TRAFF"), ("girls are sold to a man", "TRAFF"), ("लड़कियों को बेच रहा है", "TRAFF"),
     ("a broker sells poor girls", "TRAFF"), ("nepal se ladkiya lakar bechta hai", "TRAFF")],
)  # fmt: skip
def test_a_person_who_sells_or_buys_goods_is_not_the_one_sold(text: str, code: str) -> None:
    assert READER.open(text).category == code


@every_row(
    "text",
    ["jaldi police bhejo", "जल्दी पुलिस भेजिए, घर में घुस गए हैं", "please send police fast they are breaking the door",
     "bhaiya jaldi bheji police ghar me ghus gail ba log lathi leke", "पुलिस भेजीं जल्दी, लाठी लेके आइल बाड़े सब"],
)  # fmt: skip
def test_a_person_who_asks_for_the_police_does_not_accuse_them(text: str) -> None:
    opening = READER.open(text)
    assert (opening.police, opening.category == "POLCOR") == (False, False)


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


def test_a_negation_and_a_time_belong_to_the_words_beside_them() -> None:
    assert [one.text for one in _misread("issue.txt")] == []


@pytest.mark.slow("half a second of a processor")
@pytest.mark.parametrize("file", ["seen.txt", "held_out.txt", "third.txt", "fourth.txt", "fifth.txt", "sixth.txt"])
def test_statements_of_stories_about_police_and_time_are_read_as_meant(file: str) -> None:
    count = sum(1 for _ in read_corpus(OPENINGS / file))
    assert len(_misread(file)) <= count * 0.05


@pytest.mark.slow("a whole corpus")
@every_row("file", ["steps_now.txt", "steps_now_unseen.txt"])
def test_texts_at_the_steps_that_were_misread_most_are_read_as_meant(file: str) -> None:
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


@every_row(
    "text",
    ["robbery at Lanka, now they have fled", "now a days robbery at Lanka is common", "nowadays ganja is sold at Lanka",
     "currently the gang lives at Lanka, robbed a house in May", "the killer is now living at Lanka",
     "abhi jo naya ladka aaya hai wo lanka me chori karta hai", "do saal pehle murder hua tha, ab wo khula ghumta hai",
     "lanka ka chor abhi bhi azad hai, do saal pehle murder kiya", "aaj kal lanka me chori hoti hai",
     "do saal pehle yaha murder hua tha aaropi abhi bhi khula ghumta hai", "loot hui, abhi sab bhag gaye hai",
     "चोर अभी भी आजाद है, पिछले साल चोरी की", "they robbed us and are now gone"],
)  # fmt: skip
def test_now_beside_what_is_over_or_how_somebody_lives_is_not_now(text: str) -> None:
    assert moment_of(READER.analyse(text)) != "now"


@every_row(
    "text",
    ["abhi goli chal rahi hai lanka me", "abhi lanka me jhagda", "they are fighting now at Lanka",
     "do din pehle dhamki di, abhi maar rahe hai", "अभी चोरी हो रही है", "robbery right now at Lanka"],
)  # fmt: skip
def test_a_deed_that_goes_on_is_now(text: str) -> None:
    assert moment_of(READER.analyse(text)) == "now"
