"""A tipster who lost a receipt's code is told so, with the way out, and is not asked for it again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_sms_ivr.segments import count_segments, fit_to_sms
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography

WEBSITE = "https://satark.example"
SOURCE = default_flow()


def engine(website: str = WEBSITE) -> Engine:
    return Engine(load_flow(SOURCE), SOURCE.catalogues, Geography.sample(), website=website)


@pytest.mark.slow("a third of a second of a processor")
@pytest.mark.parametrize(
    ("language", "lost"),
    [
        ("1", "code kho gaya"),
        ("1", "कोड खो गया"),
        ("1", "code yaad nahi"),
        ("2", "I lost my code"),
        ("2", "I forgot the code"),
    ],
)
def test_a_lost_code_does_not_count_as_a_wrong_code(language: str, lost: str) -> None:
    chat = Chat(engine(), "sms").say("Hi", language, "status", lost)
    assert chat.step != "@code"
    assert WEBSITE in chat.text
    assert count_segments(fit_to_sms(chat.prompt).text) <= 3


@pytest.mark.parametrize(
    ("language", "words"),
    [("1", ["abcd", "1234"]), ("1", ["मेरे पास नहीं", "कुछ और"]), ("2", ["xyzzy", "99"])],
)
def test_two_texts_without_a_code_end_the_question(language: str, words: list[str]) -> None:
    chat = Chat(engine(), "sms").say("Hi", language, "status", words[0])
    assert chat.step == "@code"
    chat.say(words[1])
    assert chat.step == "category"
    assert WEBSITE in chat.text


def test_a_code_between_two_texts_restarts_the_count() -> None:
    chat = Chat(engine(), "sms").say("Hi", "2", "status", "1234", "8391446070125538", "1234")
    assert chat.step == "@code"


def test_without_a_website_the_text_names_no_website() -> None:
    chat = Chat(engine(""), "sms").say("Hi", "2", "status", "1234", "1234")
    assert "cannot be found again" in chat.text
    assert "{" not in chat.text


def test_a_caller_without_the_code_can_leave_the_question_by_keys(dial: Callable[[Engine], Any]) -> None:
    call = dial(engine()).press("2", "*", "0", "123", "45")
    assert call.chat.step == "@language"
    assert "Or on the internet: satark.example" in call.question
