"""Before sending: words that may identify the tipster are shown, and taken out with one tap."""

from __future__ import annotations

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.analysis import Analysis
from satark_words.geography.geography import Geography
from satark_words.reader import Reader

STORY = "They sell liquor behind the school every night. My name is Ramesh Yadav, call me on 9876543210"


@pytest.fixture
def chat() -> Chat:
    source = default_flow()
    return Chat(Engine(load_flow(source), source.catalogues, Geography.sample()))


def walk(chat: Chat, story: str = STORY) -> Chat:
    return chat.say("Hi", "2", "daru", story, "Lanka", "no", "skip")


def test_the_words_are_shown_before_the_review(chat: Chat) -> None:
    walk(chat)
    assert chat.step == "@identity"
    assert "Ramesh" in chat.text
    assert "9876543210" in chat.text
    assert chat.offered() == ["remove", "keep", "change"]


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


def test_one_tap_takes_them_out_of_the_tip(chat: Chat) -> None:
    walk(chat).tap("remove")
    assert chat.step == "review"
    assert "Taken out." in chat.text
    chat.tap("send")
    assert chat.submission is not None
    sent = chat.submission.answers["what"]
    assert "They sell liquor behind the school every night" in sent
    assert "Ramesh" not in sent
    assert "9876543210" not in sent


def test_who_leaves_them_in_is_asked_once(chat: Chat) -> None:
    walk(chat).tap("keep")
    assert chat.step == "review"
    chat.tap("details", "who").say("a man with a scar")
    assert chat.step == "review"
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["what"] == STORY


def test_what_is_added_later_is_asked_about_again(chat: Chat) -> None:
    walk(chat).tap("remove").tap("details", "who").say("ask me, my number is 9123456780")
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
