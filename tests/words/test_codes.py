"""A receipt code is found in text that people type."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from satark.api.tip import RECEIPT_DIGITS
from satark_words.tokens import find_code, without_code
from support.loops import every_row

CODE = "8391446070125538"


@every_row(
    "text",
    [
        "8391446070125538",
        "8391 4460 7012 5538",
        "8391-4460-7012-5538",
        "8391–4460—7012‑5538",
        "८३९१ ४४६० ७०१२ ५५३८",
        "status 8391 4460 7012 5538",
        "code: 8391.4460.7012.5538.",
        "4K7Q-2XPM 8391 4460 7012 5538",
        "8391 4460 7012 5538, no. XPM2-4567",
        "XPM2-4567 8391 4460 7012 5538",
        "2345-67AB 8391446070125538",
        "मेरा कोड 8391\n4460\n7012\n5538 है",
        "8391446070125538, 8391 4460 7012 5538",
        "8391,4460,7012,5538",
        "8391/4460/7012/5538",
        "8391_4460_7012_5538",
        "code8391446070125538",
        "8️⃣3️⃣9️⃣1️⃣4️⃣4️⃣6️⃣0️⃣7️⃣0️⃣1️⃣2️⃣5️⃣5️⃣3️⃣8️⃣",
        "8391\u200b4460\u200b7012\u20605538",
        "8391446070125538kya hua",
        "कोड८३९१४४६०७०१२५५३८",
    ],
)
def test_a_code_is_found(text: str) -> None:
    assert find_code(text, RECEIPT_DIGITS) == CODE


@every_row(
    "text",
    [
        "", "hello", "4K7Q-2XPM", "839144607012553", "83914460701255380", "8391 4460 7012",
        "8391446070125538 1111222233334444", "UP65 AB 1234", "9 8391 4460 7012 5538", "5000, 6000, 7000",
        "9839012345, 221005",
    ],
)  # fmt: skip
def test_other_digits_are_not_taken_for_a_code(text: str) -> None:
    assert find_code(text, RECEIPT_DIGITS) is None


@given(st.text())
def test_no_text_makes_the_search_for_a_code_raise(text: str) -> None:
    found = find_code(text, RECEIPT_DIGITS)
    assert found is None or (len(found) == 16 and found.isdecimal() and found.isascii())


def test_a_short_number_behind_a_code_is_no_part_of_it() -> None:
    assert find_code("8391 4460 7012 5538 3 din ho gaye", RECEIPT_DIGITS) == CODE


def test_a_code_is_taken_out_of_a_text_and_other_numbers_stay() -> None:
    left = without_code("code 8391 4460 7012 5538, phone 98390 12345, UP65 1234", RECEIPT_DIGITS)
    assert left.split() == ["code", ",", "phone", "98390", "12345,", "UP65", "1234"]
