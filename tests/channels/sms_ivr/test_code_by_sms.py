"""The code of a receipt by text message: offered only on a key, and callers who ask are told that the text stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_sms_ivr.call_texts import call_text
from satark_testing.dialogue.chat import RECEIPT
from satark_words.geography.geography import Geography

SOURCE = default_flow()
ENGINE = Engine(load_flow(SOURCE), SOURCE.catalogues, Geography.sample())
OFFER = call_text("en", "text_code")
UP_TO_THE_REVIEW = ("2", "3", "0", "0", "0", "0", "0")

Dial = Callable[..., Any]


def at_the_review(call: Any) -> Any:
    call.press(*UP_TO_THE_REVIEW)
    assert call.chat.step == "review"
    return call


def test_a_caller_who_asks_for_the_code_by_text_message_gets_only_the_code(dial: Dial) -> None:
    call = at_the_review(dial(ENGINE, code_by_sms=True))
    assert OFFER in call.question
    call.press("8")
    (message,) = call.document.iter("Sms")
    assert message.text == RECEIPT.grouped
    assert set(message.attrib) == {"statusCallback"}, "Twilio knows the numbers: none is in what we write"
    assert message.attrib["statusCallback"].endswith("/sms/webhook/status"), "so that it is redacted there"
    assert call_text("en", "receipt.texted") in call.question


def test_a_caller_who_submits_with_key_1_gets_no_text_message(dial: Dial) -> None:
    call = at_the_review(dial(ENGINE, code_by_sms=True)).press("1")
    assert call.chat.submission is not None
    assert not [*call.document.iter("Sms")]


def test_a_caller_who_goes_back_to_the_review_chooses_again(dial: Dial) -> None:
    call = at_the_review(dial(ENGINE, code_by_sms=True)).press("3", "1", "3")
    assert call.chat.step == "review"
    assert not [*call.press("1").document.iter("Sms")]


@pytest.mark.parametrize(
    ("number", "offered"), [("+919876543210", False), ("anonymous", True), ("+266696687", True), ("", True)]
)
def test_the_code_by_text_message_is_not_offered_without_the_setting_or_a_number(
    number: str, dial: Dial, *, offered: bool
) -> None:
    call = at_the_review(dial(ENGINE, number, code_by_sms=offered))
    assert OFFER not in call.question
    call.press("8")
    assert call.chat.submission is None
    assert not [*call.document.iter("Sms")]
