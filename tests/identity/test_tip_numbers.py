"""Tip numbers: random, and made of characters that nobody misreads."""

from __future__ import annotations

import re

import pytest

from satark.identity import receipt_codes as tip_numbers
from satark.identity.receipt_codes import new_number


def test_numbers_are_random_and_easy_to_read_out() -> None:
    numbers = {new_number() for _ in range(3000)}
    assert len(numbers) > 2990
    assert all(re.fullmatch(r"[A-HJKMNP-TV-Z][A-HJKMNP-TV-Z2-9]{3}-[A-HJKMNP-TV-Z2-9]{4}", one) for one in numbers)
    for place in (0, 1, 2, 3, 5, 6, 7, 8):
        assert len({one[place] for one in numbers}) == (22 if place == 0 else 30)


def test_a_number_uses_every_bit_of_a_single_random_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [bytes(16), (21).to_bytes(16), (22).to_bytes(16), (22 * 30**7 - 1).to_bytes(16)]
    monkeypatch.setattr(tip_numbers, "random_bytes", lambda size: drawn.pop(0)[:size])
    assert [new_number() for _ in range(4)] == ["AAAA-AAAA", "ZAAA-AAAA", "ABAA-AAAA", "Z999-9999"]
    assert not drawn
