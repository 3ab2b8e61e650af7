"""Doubtful words are asked about, and words that wait for the answer are neither lost nor added unasked."""

from __future__ import annotations

import pytest

from satark.dialogue.engine import Engine
from satark_testing.dialogue.chat import Chat
from support.dialogue.unseen import conversation
from support.loops import every_row


def said_in_vain(engine: Engine, step: str, text: str) -> Chat:
    """Say a text at a question, which changes no answer; return the conversation."""
    talk = conversation(engine, step)
    before = talk.session and talk.session.answers
    talk.say(text)
    assert talk.session is not None
    assert talk.session.answers == before
    return talk


@every_row(
    "step, text",
    [
        ("what", "give me a minute, a customer is here"),
        ("what", "abhi dukan pe log h thodi der me likhti hu"),
        ("place", "jagah batayi to sabko pata chalega maine bola h, ye nahi likhungi"),
        ("place", "gaon ka naam kaafi hai kya?"),
        ("category", "samajh nahi aa rha kaunsa"),
        ("police", "bata dunga to wo mujhe dhoondh lenge kya"),
    ],
)
def test_talk_to_the_service_is_no_part_of_the_tip(engine: Engine, step: str, text: str) -> None:
    said_in_vain(engine, step, text)


@every_row(
    "step, text",
    [
        ("now", "not right now, it happened on Monday"),
        ("now", "abhi dekh ke aaya hu, wahi khada hai"),
        ("police", "mujhe police se dar lagta hai"),
        ("police_unit", "thana aur chauki me kya fark h"),
        ("review", "wapas jail gaya tha"),
        ("review", "wapas aa gaya"),
        ("place", "wapas jail gaya tha"),
    ],
)
def test_an_unsure_answer_is_named_and_not_chosen(engine: Engine, step: str, text: str) -> None:
    assert said_in_vain(engine, step, text).step == "@suggested"


@pytest.fixture
def asked(engine: Engine) -> Chat:
    """A conversation that asks whether an aside belongs to the tip."""
    talk = conversation(engine, "what").say("skip the police, they know")
    assert talk.session is not None
    assert talk.step == "@suggested"
    return talk


def kept_story(talk: Chat) -> object:
    assert talk.session is not None
    answer = talk.session.answers.get("what")
    return answer.value if answer else None


def test_words_in_doubt_are_stored_on_a_yes(asked: Chat) -> None:
    assert kept_story(asked.tap("yes")) == "skip the police, they know"


def test_words_in_doubt_are_dropped_on_a_no(asked: Chat) -> None:
    assert kept_story(asked.tap("no")) is None
    assert asked.step == "what"
    assert asked.session is not None
    assert asked.session.suggested is None


def test_words_in_doubt_are_asked_about_again_before_the_review(asked: Chat) -> None:
    story = "They sell liquor behind the school every night"
    asked.say(story, "Lanka", "no", "skip")
    assert asked.step == "@suggested"
    assert "skip the police, they know" in asked.text
    assert kept_story(asked.tap("yes")) == f"{story}\nskip the police, they know"
    assert asked.step == "review"


def test_a_revoked_message_in_doubt_is_dropped(asked: Chat) -> None:
    assert asked.session is not None
    asked.revoke(asked.session.held[0][0])
    assert asked.step == "what"
    asked.say("They sell liquor behind the school every night", "Lanka", "no", "skip")
    assert asked.step == "review"
    assert "skip the police" not in str(kept_story(asked))


def test_an_edited_message_in_doubt_is_asked_about_in_its_new_words(asked: Chat) -> None:
    assert asked.session is not None
    asked.edit(asked.session.held[0][0], "They sell ganja there too")
    assert asked.step == "@suggested"
    assert kept_story(asked.tap("yes")) == "They sell ganja there too"
