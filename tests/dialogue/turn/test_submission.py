"""The tip that is sent: whom it accuses, its summary, and words of it that identify the tipster."""

from __future__ import annotations

import pytest

from satark.api.inbound import Tap
from satark.api.tip import Accused
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.analysis import Analysis
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.dialogue.walks import at_police

STORY = "They sell liquor behind the school every night. My name is Ramesh Yadav, call me on 9876543210"


@pytest.fixture
def chat() -> Chat:
    source = default_flow()
    return Chat(Engine(load_flow(source), source.catalogues, Geography.sample()))


def walk(chat: Chat, story: str = STORY) -> Chat:
    return chat.say("Hi", "2", "daru", story, "Lanka", "no", "skip")


def test_identifying_words_are_shown_before_the_review(chat: Chat) -> None:
    walk(chat)
    assert chat.step == "@identity"
    assert "Ramesh" in chat.text
    assert "9876543210" in chat.text
    assert chat.offered() == ["send", "keep", "change"]
    assert "They sell liquor behind the school every night" in chat.text


def test_the_words_of_an_answer_are_read_once(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    analyse = Reader.analyse

    def noting(reader: Reader, text: str) -> Analysis:
        read.append(text)
        return analyse(reader, text)

    monkeypatch.setattr(Reader, "analyse", noting)
    walk(chat)
    assert chat.step == "@identity"
    assert read.count(STORY) == 1


@pytest.mark.parametrize("events", [("tap",), ("erase them", "send")])
def test_one_tap_sends_the_tip_without_the_identifying_words(chat: Chat, events: tuple[str, ...]) -> None:
    walk(chat)
    for event in events:
        chat.tap("send") if event == "tap" else chat.say(event)
    assert chat.submission is not None
    sent = chat.submission.answers["what"]
    assert "They sell liquor behind the school every night" in sent
    assert "Ramesh" not in sent
    assert "9876543210" not in sent


def test_a_tipster_who_keeps_identifying_words_is_asked_once(chat: Chat) -> None:
    walk(chat).tap("keep")
    assert chat.step == "review"
    chat.tap("details", "who").say("a man with a scar")
    assert chat.step == "review"
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["what"] == STORY


def test_what_is_added_later_is_asked_about_again(chat: Chat) -> None:
    walk(chat).say("erase these words").tap("details", "who").say("you can ask me, my number is 9123456780").tap("yes")
    assert chat.step == "@identity"
    assert "9123456780" in chat.text
    assert "9876543210" not in chat.text


@pytest.mark.parametrize("words", ["ok", "kya", "don't remove them", "mat hatao", "?"])
def test_nothing_is_taken_out_or_sent_on_a_guess(chat: Chat, words: str) -> None:
    walk(chat).say(words)
    assert chat.session is not None
    assert chat.session.answers["what"].value == STORY
    assert chat.submission is None


def test_a_story_without_such_words_goes_straight_to_the_review(chat: Chat) -> None:
    assert walk(chat, "Two men sell liquor behind the school, their leader is called Kallu").step == "review"


@pytest.mark.parametrize(
    ("unit", "more", "accused", "promise"),
    [
        ("station", [], Accused(level="station", unit="bhelupur"), "Only the SP and DIG offices"),
        ("outpost", [], Accused(level="outpost", unit="bhelupur"), "Only the SP and DIG offices"),
        ("other_station", ["sigra"], Accused(level="station", unit="sigra"), "Only the SP and DIG offices"),
        ("other_station", ["don't know"], Accused(level="unknown"), "Only the SP and DIG offices"),
        ("circle", [], Accused(level="circle"), "not be shown to that office"),
        ("district", [], Accused(level="district", unit="varanasi"), "Only the DIG's office"),
        ("unknown", [], Accused(level="unknown"), "any thana or chowki"),
    ],
)
def test_the_tip_accuses_the_chosen_unit_and_the_promise_names_it(
    chat: Chat, unit: str, more: list[str], accused: Accused, promise: str
) -> None:
    at_police(chat).tap("yes").tap(unit).say(*more)
    assert chat.step == "police_who"
    assert promise in chat.text
    chat.say("skip", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.accused == accused


def test_a_named_outpost_is_the_accused(chat: Chat) -> None:
    at_police(chat).tap("yes", "outpost").say("the SI of durgakund chowki", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.accused == Accused(level="outpost", unit="bhelupur-durgakund")


@pytest.mark.parametrize("word", ["no", "नहीं", "unknown"])
def test_a_tip_without_police_accuses_nobody(chat: Chat, word: str) -> None:
    at_police(chat).say(word, "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.accused is None


def test_a_long_answer_is_clipped_in_the_summary_only(chat: Chat) -> None:
    story = "बहुत लंबी बात " * 100
    chat.say("Hi", "1", "daru", story, "Assi", "no", "skip")
    assert len(chat.text) < 1000
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["what"] == story.strip()


@pytest.mark.slow("many dialogues")
def test_what_is_sent_besides_is_kept_while_identifying_words_are_asked_about(chat: Chat) -> None:
    walk(chat).send("image").pin(25.27, 82.99).say("unka godown Sigra me bhi hai aur wahan bandook rakhte hain")
    assert chat.step == "@identity"
    assert chat.session is not None
    assert len(chat.session.files) == 1
    assert "godown" in chat.session.answers["what"].value


@pytest.mark.parametrize("words", ["erase them", "इन्हें मिटा दो", "inhe mita do"])
def test_words_are_erased_on_their_own_words_and_the_rest_stays(chat: Chat, words: str) -> None:
    walk(chat).say(words)
    assert chat.step == "review"
    assert chat.session is not None
    assert "9876543210" not in str(chat.session.answers["what"].value)


def test_nothing_is_sent_that_was_not_shown(chat: Chat) -> None:
    walk(chat, f"{STORY} {'They come at night and go in the morning. ' * 30}")
    assert chat.offered() == ["remove", "keep", "change"]


def test_an_old_button_sends_no_words_that_it_did_not_show(chat: Chat) -> None:
    walk(chat)
    old = next(choice for choice in chat.prompt.choices if choice.token.split(":")[1] == "send")
    chat.tap("keep").tap("details", "who").say("my address is B-12 Sigra, my number is 9123456780")
    chat.hear(Tap(old.token, old.label))
    assert chat.submission is None


def test_who_is_in_danger_is_not_asked_about_their_own_words(chat: Chat) -> None:
    chat.say("Hi", "2", "bachao mera naam Sunita hai makan 14 lanka mobile 9876543210 pati maar raha hai", "Lanka")
    assert chat.step != "@identity"
