"""Tip numbers: random, and made of characters that nobody misreads."""

from __future__ import annotations

import re

from satark.identity.tip_numbers import new_number


def test_numbers_are_random_and_easy_to_read_out() -> None:
    numbers = {new_number() for _ in range(3000)}
    assert len(numbers) > 2990
    assert all(re.fullmatch(r"[A-HJKMNP-TV-Z][A-HJKMNP-TV-Z2-9]{3}-[A-HJKMNP-TV-Z2-9]{4}", one) for one in numbers)
    for place in (0, 1, 2, 3, 5, 6, 7, 8):
        assert len({one[place] for one in numbers}) == (22 if place == 0 else 30)
