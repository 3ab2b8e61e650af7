"""Officers see a six-hour band, and tip numbers without an order."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from satark.identity.receipt_codes import new_number
from satark.identity.time_buckets import band


@given(st.integers(0, 4_000_000_000))
def test_every_moment_of_six_hours_has_the_same_band(now: int) -> None:
    start = now - now % (6 * 3600)
    assert band(now) == band(start)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT(00|06|12|18)/PT6H", band(now))


def test_the_band_names_its_start() -> None:
    assert band(1795535999) == "2026-11-24T12/PT6H"


def test_numbers_have_a_letter_first_and_nothing_that_is_misread() -> None:
    numbers = {new_number() for _ in range(500)}
    assert len(numbers) == 500
    assert all(re.fullmatch("[A-HJ-KM-NP-TV-Z][A-HJ-KM-NP-TV-Z2-9]{3}-[A-HJ-KM-NP-TV-Z2-9]{4}", n) for n in numbers)
