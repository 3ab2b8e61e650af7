"""A receipt's code in its shown, written and tapped forms."""

from __future__ import annotations

import re

import pytest

from satark.api.prompt import make_token
from satark.api.tip import HANDOFF_DIGITS, RECEIPT_DIGITS
from satark.dialogue.shown_receipt import Receipt, code_in, code_token, group_digits
from satark_words.catalogues import Catalogues
from satark_words.tokens import find_code


def test_the_buttons_token_gives_the_code_and_no_other_token_does() -> None:
    assert code_in(code_token("8391 4460 7012 5538")) == "8391446070125538"
    for other in ("", "@receipt", make_token("@receipt", "leave", 0), make_token("what", "8391446070125538", 0)):
        assert code_in(other) == ""


def test_a_receipts_code_is_shown_in_groups_and_found_again() -> None:
    receipt = Receipt(number="4K7Q-2XPM", code="8391446070125538")
    assert len(receipt.code) == RECEIPT_DIGITS
    assert receipt.grouped == group_digits(receipt.code) == "8391 4460 7012 5538"
    assert find_code(f"status {receipt.number} {receipt.grouped}", RECEIPT_DIGITS) == receipt.code


@pytest.mark.parametrize(
    ("package", "lengths"),
    [("satark.dialogue", {RECEIPT_DIGITS, HANDOFF_DIGITS}), ("satark_web_form", {RECEIPT_DIGITS, HANDOFF_DIGITS})],
)
def test_texts_that_name_the_number_of_a_codes_digits_name_it_right(package: str, lengths: set[int]) -> None:
    for catalogue in Catalogues.of(package):
        texts = [catalogue.get(key) for key in catalogue]
        named = r"(\d+)(?: digits|-digit| अंक| ہندسوں| ہندسے)"
        counted = {int(count) for text in texts for count in re.findall(named, text)}
        assert counted == lengths
