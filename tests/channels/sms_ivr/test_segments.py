"""Segments are counted as networks count them."""

from __future__ import annotations

import pytest

from satark_sms_ivr.segments import count_segments, to_gsm7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("क" * 70, 1),
        ("क" * 71, 2),
        ("क" * 134, 2),
        ("क" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 159 + "’", 3),
        ("a" * 70 + "₹", 2),
        ("सूचना दर्ज हुई। सं. 4K7Q2X गुप्त कोड 8391 4460. आपात स्थिति में 112", 1),
    ],
)
def test_the_segments_of_a_text(text: str, expected: int) -> None:
    assert count_segments(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("It’s “done”…", 'It\'s "done"...'), ("• one – two", "- one - two"), ("हाँ “ना”", "हाँ “ना”"), ("₹500", "Rs 500")],
)
def test_typographic_marks_are_replaced_if_the_text_then_fits_the_7_bit_alphabet(text: str, expected: str) -> None:
    assert to_gsm7(text) == expected
