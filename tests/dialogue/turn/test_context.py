"""A turn tells the result of an event, and asks the next question."""

from __future__ import annotations

import msgspec
import pytest

from satark.api.inbound import Event, Text
from satark.dialogue.engine import Engine
from satark.dialogue.session import FileNotice
from satark_testing.dialogue.chat import NOW, Chat
from support.dialogue.walks import at_review
from support.loops import every_row

CHANNELS = ("whatsapp", "telegram", "sms", "voice", "web_form")

WARNING = "The hidden details in file no. 3, 7 of those you sent could not be erased"


def test_restating_changes_nothing(chat: Chat, engine: Engine) -> None:
    at_review(chat)
    assert chat.session is not None
    again = engine.repeat_question(chat.session)
    assert again.choices == chat.prompt.choices
    assert "Check your answers" in again.text


def test_a_repeated_question_has_no_words_about_a_misunderstanding(chat: Chat) -> None:
    chat.say("Hi", "2", "zzz")
    assert "not understood" in chat.text
    assert "not understood" not in chat.say("repeat").text


def after_ten_files(engine: Engine, channel: str, event: Event, *notices: FileNotice) -> Chat:
    """Ten files at the question for them, of which two are found to be broken before the next event."""
    talk = Chat(engine, channel).say("Hi", "English", "3", "They sell it every night", "Lanka", "no")
    for _ in range(10):
        talk.send("image")
    assert talk.session is not None
    positions = [job.position for turn in talk.turns for job in turn.media_jobs]
    assert positions == list(range(1, 11))
    known = msgspec.structs.replace(talk.session, files_uncleaned=(3, 7))
    turn = engine.advance(known, event, "s99", NOW, notices)
    talk.session = turn.session
    assert turn.prompt is not None
    talk.prompts.append(turn.prompt)
    return talk


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_review_and_the_receipt_name_uncleaned_files_and_the_remedy(engine: Engine, channel: str) -> None:
    talk = after_ten_files(engine, channel, Text("done"))
    assert talk.step == "review"
    assert WARNING in talk.text
    assert "Send a photo or a screenshot of it" in talk.text
    talk.tap("send")
    assert WARNING in talk.text
    assert "8391 4460 7012 5538" in talk.text


@pytest.mark.parametrize("channel", CHANNELS)
def test_uncleaned_files_named_in_the_review_are_named_once(engine: Engine, channel: str) -> None:
    talk = after_ten_files(engine, channel, Text("done"), FileNotice("uncleaned", files=(3, 7)))
    assert talk.text.count(WARNING) == 1


@pytest.mark.parametrize("channel", CHANNELS)
def test_uncleaned_files_are_named_with_the_next_question(engine: Engine, channel: str) -> None:
    talk = after_ten_files(engine, channel, Text("help"), FileNotice("uncleaned", files=(3, 7)))
    assert WARNING in talk.text


def test_no_words_about_cleaning_are_said_if_every_file_was_cleaned(engine: Engine) -> None:
    talk = Chat(engine).say("Hi", "English", "3", "They sell it every night", "Lanka", "no", "skip")
    assert "could not be erased" not in talk.text
    assert "could not be erased" not in talk.tap("send").text


IN_ENGLISH, IN_HINDI = "Is a life in danger? Call 112 now.", "जान को ख़तरा है? अभी 112 पर कॉल करें।"


@every_row(
    "chosen, cry, said",
    [("English", "हमके बचा ला हो", [IN_HINDI, IN_ENGLISH]), ("English", "bachao mujhe", [IN_HINDI, IN_ENGLISH]),
     ("English", "bacaho koi", [IN_HINDI, IN_ENGLISH]), ("English", "एमरजेंसी है", [IN_HINDI, IN_ENGLISH]),
     ("English", "please save us, he has a gun", [IN_ENGLISH]), ("हिन्दी", "bachao wo maar raha hai", [IN_HINDI]),
     ("हिन्दी", "help me they are killing me", [IN_ENGLISH, IN_HINDI])],
)  # fmt: skip
def test_numbers_are_said_in_the_language_of_the_cry_and_then_in_the_chats(
    engine: Engine, chosen: str, cry: str, said: list[str]
) -> None:
    told = Chat(engine).say("Hi", chosen, cry).text.split("\n")
    assert [line for line in told if line in {IN_ENGLISH, IN_HINDI}] == said
