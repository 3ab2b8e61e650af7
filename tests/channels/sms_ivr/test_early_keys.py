"""A caller who presses a key early, or in a noisy place, is never left waiting, and sends nothing unheard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_sms_ivr.call_texts import call_text
from satark_words.geography.geography import Geography

SOURCE = default_flow()
ENGINE = Engine(load_flow(SOURCE), SOURCE.catalogues, Geography.sample())
TOO_EARLY = call_text("en", "too_early")
TO_THE_EVIDENCE = ("2", "3", "0", "0", "0", "2")
NOISE_SECONDS = 8

Dial = Callable[..., Any]


@pytest.fixture
def review(dial: Dial) -> Any:
    """Return a call in which the review has begun to speak."""
    call = dial(ENGINE).press(*TO_THE_EVIDENCE, "0")
    assert call.chat.step == "review"
    return call


def test_key_0_after_a_long_noise_still_means_that_there_is_nothing_more(dial: Dial) -> None:
    call = dial(ENGINE).press(*TO_THE_EVIDENCE)
    assert call.chat.step == "evidence"
    call.speak(NOISE_SECONDS, "0")
    assert call.chat.step == "review", "the caller is not asked again and again"
    assert len(call.chat.session.files) == 1, "what may be words is kept"


def test_a_caller_may_add_more_after_the_hash_key_and_key_0_ends_the_answer(dial: Dial) -> None:
    call = dial(ENGINE).press(*TO_THE_EVIDENCE).speak(NOISE_SECONDS).speak(NOISE_SECONDS, "0")
    assert call.chat.step == "review"
    assert len(call.chat.session.files) == 2


def test_a_long_answer_that_key_0_ends_answers_only_its_question(dial: Dial) -> None:
    call = dial(ENGINE).press("2", "3").speak(NOISE_SECONDS, "0")
    assert call.chat.step == "place"
    assert "what" in call.chat.session.answers


@pytest.mark.parametrize(("key", "step"), [("2", "@details"), ("3", "@change"), ("9", "@cancel"), ("*", "@restart")])
def test_keys_that_send_nothing_count_while_the_review_is_spoken(key: str, step: str, review: Any) -> None:
    review.interrupt(key)
    assert review.chat.step == step
    assert TOO_EARLY not in review.question


def test_key_1_before_the_review_is_heard_sends_nothing_and_repeats_the_review(review: Any) -> None:
    spoken = review.question
    review.interrupt("1")
    assert review.chat.submission is None
    assert review.question == f"{TOO_EARLY}\n{spoken}"
    review.press("1")
    assert review.chat.submission is not None


def test_a_key_during_the_first_notice_counts_and_the_notice_is_repeated(dial: Dial) -> None:
    call = dial(ENGINE)
    notice = call.question.splitlines()[:2]
    call.interrupt("2")
    assert call.chat.session.language == "en"
    assert call.question.splitlines()[:2] == notice
    assert call.interrupt("3").chat.step == "what"
    assert call.question.splitlines()[:2] == notice, "until it is heard"
    assert call.press("0").question.splitlines()[:2] != notice


def test_how_to_end_is_said_at_every_recording(dial: Dial) -> None:
    call = dial(ENGINE).press("2", "3")
    for answer in ("spoken", "spoken", "2", "spoken", "spoken"):
        if answer != "spoken":
            call.press(answer)
            continue
        assert call_text("en", "speak") in call.question, call.chat.step
        call.speak()
    assert call.chat.step == "evidence"


def test_the_review_names_each_answer_that_was_recorded(dial: Dial) -> None:
    call = dial(ENGINE).press("2", "3").speak().speak().press("2").speak(key="0")
    assert call.chat.step == "review"
    texts = SOURCE.catalogues["en"]
    for step in ("what", "place"):
        name = texts.text(texts.own(f"{step}.name", "voice"))
        assert f"{name}: {texts.text('value.voice.voice')}" in call.question.splitlines()


def test_no_key_during_the_notice_of_a_later_call_erases_told_answers(dial: Dial) -> None:
    call = dial(ENGINE).press("2", "3").speak()
    assert call.dial_again().chat.step == "@restart"
    call.interrupt("3")
    assert call.chat.step == "@restart"
    assert "what" in call.chat.session.answers, "nothing was asked yet"
    assert TOO_EARLY in call.question
    call.press("3")
    assert call.chat.session is None or "what" not in call.chat.session.answers
