"""The place, as the dialogue asks for it: one question for the district or the station, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark.api.prompt import Capabilities
from satark.api.tip import Accused
from satark.dialogue.engine import Engine
from satark.dialogue.rendering.fit import fit
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import ELSEWHERE
from support.dialogue.corpus import read_corpus
from support.loops import every_row

WHATSAPP = Capabilities(
    kind="chat", text=4096, body=1024, buttons=3, button_label=20, rows=10, row_label=24, row_description=72,
    menu_label=20, token=200,
)  # fmt: skip
DELHI = (28.6139, 77.2090)


@pytest.fixture
def asked(chat: Chat) -> Chat:
    """A conversation at the question for the place."""
    return chat.say("Hi", "2", "3", "They are sold there at night")


@pytest.mark.parametrize(
    "said",
    [
        "yahin", "yahan", "यहीं", "यहाँ", "yahin par", "here", "right here", "there", "isi jagah", "idhar hi", "wahin",
        "same place", "ghar par", "mere ghar", "my house", "haan yahin", "112", "100", "1090", "call 112",
        "112 par call karu", "112 ko bulao",
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", [("Hi", "2", "3", "They are sold there at night"), ("bachao mujhe maar rahe hain",)])
def test_neither_the_word_here_nor_a_helplines_number_is_a_place(
    chat: Chat, before: tuple[str, ...], said: str
) -> None:
    chat.say(*before, said)
    assert chat.step == "place"
    assert chat.session is not None
    assert "place" not in chat.session.answers
    assert ("112" in chat.text) >= any(map(str.isdigit, said))


@pytest.mark.parametrize("said", ["yahin Sigra me", "here near the temple", "ghar ke peeche mandir", "Sector 112"])
def test_a_place_beside_such_words_is_accepted(asked: Chat, said: str) -> None:
    asked.say(said)
    assert asked.session is not None
    assert "place" in asked.session.answers


def place(chat: Chat) -> tuple[str, str]:
    """District and station of the place, as the conditions of the flow see them."""
    assert chat.session is not None
    found = chat.engine._loaded.progress(chat.session).place
    return found.district, found.station


@pytest.mark.parametrize(
    ("said", "step", "told"),
    [
        ("मुगलसराय, चंदौली", "police", ("chandauli", "mughalsarai")),
        ("Mughalsarai, Chandauli", "police", ("chandauli", "mughalsarai")),
        ("mugalsaray chandoli", "police", ("chandauli", "mughalsarai")),
        ("مغلسرائے چندولی", "police", ("chandauli", "mughalsarai")),
        ("saidpur bazar", "police", ("ghazipur", "saidpur")),
        ("शाहगंज जौनपुर", "police", ("jaunpur", "shahganj")),
        ("lanka", "police", ("varanasi", "lanka")),
        ("Chandauli", "station", ("chandauli", "")),
        ("behind the school in Jaunpur", "station", ("jaunpur", "")),
        ("Pune", "police", ("elsewhere", "")),
        ("Azamgarh bus stand", "police", ("elsewhere", "")),
        ("कोतवाली आजमगढ़", "police", ("elsewhere", "")),
        ("Saidpur, Azamgarh", "district", ("", "")),
        ("Mirzapur road", "district", ("", "")),
        ("on the road to Patna", "district", ("", "")),
        ("Kotwali", "district", ("", "")),
        ("near the old temple", "district", ("", "")),
    ],
)
def test_told_parts_of_a_place_are_not_asked_and_missing_parts_are(
    asked: Chat, said: str, step: str, told: tuple[str, str]
) -> None:
    asked.say(said)
    assert (asked.step, place(asked)) == (step, told)


@pytest.mark.parametrize(
    ("said", "step", "told"),
    [
        ("1", "police", ("varanasi", "")),
        ("Jaunpur", "police", ("jaunpur", "")),
        ("jaunpur me", "police", ("jaunpur", "")),
        ("गाजीपुर", "police", ("ghazipur", "")),
        ("Another district", "police", ("elsewhere", "")),
        ("dusra zila", "police", ("elsewhere", "")),
        ("Azamgarh", "police", ("elsewhere", "")),
        ("pune me", "police", ("elsewhere", "")),
        ("don't know", "police", ("", "")),
        ("Mughalsarai", "police", ("chandauli", "mughalsarai")),
        ("mugalsarai thana me", "police", ("chandauli", "mughalsarai")),
        ("jaunpur nahi", "district", ("", "")),
        ("is it Jaunpur?", "@suggested", ("", "")),
    ],
)
def test_the_district_is_chosen_by_its_name_or_a_stations(
    asked: Chat, said: str, step: str, told: tuple[str, str]
) -> None:
    asked.say("near the old temple", said)
    assert (asked.step, place(asked)) == (step, told)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("lanka", ("varanasi", "lanka")),
        ("lanka thana", ("varanasi", "lanka")),
        ("manduwadih", ("varanasi", "manduadih")),
        ("कैण्ट", ("varanasi", "cantt")),
        ("Kotwali", ("varanasi", "kotwali")),
        ("2", ("varanasi", "bhelupur")),
        ("don't know", ("varanasi", "")),
        ("Mughalsarai", ("chandauli", "mughalsarai")),
        ("kerakat", ("jaunpur", "kerakat")),
    ],
)
def test_a_station_is_typed_in_any_spelling_even_one_of_another_district(
    asked: Chat, said: str, told: tuple[str, str]
) -> None:
    asked.say("near the old temple in Varanasi", said)
    assert (asked.step, place(asked)) == ("police", told)


def test_words_that_name_a_station_of_the_district_answer_the_question_for_it(asked: Chat) -> None:
    asked.say("Kotwali", "Jaunpur")
    assert (asked.step, place(asked)) == ("police", ("jaunpur", "jaunpur-kotwali"))


@pytest.mark.parametrize(
    ("pin", "step", "told"),
    [
        ((25.2800, 83.1200), "police", ("chandauli", "mughalsarai")),
        ((24.8000, 83.2000), "station", ("chandauli", "")),
        (DELHI, "police", ("elsewhere", "")),
        ((26.0700, 83.1800), "police", ("elsewhere", "")),
    ],
)
def test_a_tipster_who_pins_a_place_outside_every_district_hears_that_and_is_not_asked(
    asked: Chat, pin: tuple[float, float], step: str, told: tuple[str, str]
) -> None:
    asked.pin(*pin)
    assert (asked.step, place(asked)) == (step, told)
    assert ("outside our districts" in asked.text) is (told == ("elsewhere", ""))


def test_a_pin_elsewhere_takes_back_the_district_and_station_of_the_words(asked: Chat) -> None:
    asked.say("Lanka").pin(*DELHI)
    assert (asked.step, place(asked)) == ("district", ("", ""))
    assert "outside our districts" in asked.text


def test_a_tip_from_another_district_keeps_its_words(asked: Chat) -> None:
    asked.say("Azamgarh bus stand").tap("no").say("skip").tap("send")
    made = asked.submission
    assert made is not None
    assert made.answers["place"] == {"text": "Azamgarh bus stand", "district": "elsewhere"}
    assert (made.place.district, made.place.station) == ("elsewhere", "")


def test_every_page_of_stations_has_dont_know_and_together_they_have_all(asked: Chat) -> None:
    asked.say("near the old temple in Jaunpur")
    seen: list[str] = []
    for _ in range(10):
        shown = [choice.label for choice in fit(asked.prompt, WHATSAPP).choices]
        assert len(shown) <= 10
        assert "Don't know" in shown
        seen += shown
        if "More" not in " ".join(shown):
            break
        asked.say("more")
    stations = [choice.label for choice in asked.prompt.choices if choice.label != "Don't know"]
    assert len(stations) == 29
    assert set(stations) <= set(seen)


@pytest.mark.parametrize(
    ("place_words", "said", "accused"),
    [
        ("Lanka", ["Bhelupur"], Accused(level="station", unit="bhelupur")),
        ("Lanka", ["Mughalsarai"], Accused(level="station", unit="mughalsarai")),
        ("Lanka", ["don't know"], Accused(level="unknown")),
        ("", ["Jaunpur", "Kerakat"], Accused(level="station", unit="kerakat")),
        ("", ["Another district"], Accused(level="unknown")),
        ("", ["don't know"], Accused(level="unknown")),
    ],
)
def test_an_accused_station_is_looked_for_in_its_district(
    asked: Chat, place_words: str, said: list[Any], accused: Accused
) -> None:
    asked.say(*([place_words] if place_words else ["near the old temple", "don't know"]))
    asked.tap("yes", "other_station")
    assert asked.step == ("police_station" if place_words else "police_district")
    asked.say(*said, "skip", "skip").tap("send")
    assert asked.submission is not None
    assert asked.submission.accused == accused


ANSWERS = list(read_corpus(Path(__file__).parents[1] / "words" / "places"))
"""Answers to the question for the place, with the district where they are, or what else they are."""


def outcome(chat: Chat, meant: str, said: str) -> str:
    """Whether an answer is taken as meant, asked back, or taken for another place."""
    chat.say(said)
    assert chat.session is not None
    answer = chat.session.answers.get("place")
    if answer is None or answer.value is None:
        return "as meant" if meant == "none" else "asked back"
    district, station = place(chat)
    geography = chat.engine._loaded.geography
    allowed = {"none": set(), "open": {""}, "elsewhere": {"", ELSEWHERE}}.get(meant, {"", meant})
    fits = district in allowed and (not station or geography.district_of(station) == meant)
    return "as meant" if fits else "wrong"


@pytest.mark.slow("many conversations")
def test_few_answers_are_taken_for_another_place_or_for_a_place_at_all(asked: Chat) -> None:
    begun = asked.session
    found = []
    for one in ANSWERS:
        asked.session = begun
        found.append((outcome(asked, one.meant[0], one.text), one.text))
    assert len(found) >= 220
    assert sum(name == "as meant" for name, _ in found) / len(found) >= 0.95
    wrong = [text for name, text in found if name == "wrong"]
    assert len(wrong) / len(found) <= 0.02, wrong


@every_row(
    "said",
    ["two men do it", "do aadmi karte hai", "दो आदमी करते हैं", "raat ko hoti hai", "रात को होती है", "it happens at night",
     "har jagah", "हर जगह", "everywhere", "sagro", "pata nahi", "पता नहीं", "not sure", "mere ghar ke paas",
     "मेरे घर के पास", "near my house", "हमरे घरे के लगे", "uska naam Raju hai", "daru bechte hai", "aas paas"],
)  # fmt: skip
def test_a_text_that_is_no_place_is_asked_about_again(asked: Chat, said: str) -> None:
    begun, found = asked.session, outcome(asked, "none", said)
    asked.session = begun
    assert found == "as meant"


@every_row(
    "said",
    ["fake army recruiter takes cash", "nakli bharti wala cash leta hai", "फर्जी सेना भर्ती वाला कैश लेता है",
     "फौज में भरती करावे के नाम पर कैश लेला", "clerk charges fee for certificate", "school extra fees le raha hai",
     "police ko bataya tha kuch nahi kiya", "पुलिस को बताया था कुछ नहीं किया", "I told the police, nothing was done",
     "पुलिस के बतवनी कुछ ना कइलस", "daroga ko bola tha kuch nahi hua", "SO lanka paisa leta hai",
     "so lanka paise mangta hai", "The SO of Lanka takes money"],
)  # fmt: skip
def test_a_text_that_tells_a_deed_answers_no_question_for_the_place(engine: Engine, said: str) -> None:
    for before in (("Hi", "2"), ("Hi", "2", "4")):
        session = Chat(engine).say(*before, said).session
        assert session is not None
        told = [str(answer.value) for answer in session.answers.values()]
        assert any(said in one for one in told) or said in {words for _, words in session.held}


@every_row(
    "said", ["SO lanka paisa leta hai", "so lanka paise mangta hai", "S.O. lanka ghus leta hai", "एसओ लंका पैसा लेता है"]
)
def test_an_officer_in_charge_is_heard_as_police(engine: Engine, said: str) -> None:
    session = Chat(engine).say("Hi", "2", said).session
    assert session is not None
    assert session.accused
    assert "category" not in session.answers or session.answers["category"].value == "POLCOR"
