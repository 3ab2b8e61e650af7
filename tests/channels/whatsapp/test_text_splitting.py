"""A long text is split into parts that fit, without losing anything but white space."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from satark_whatsapp.text_splitting import split_text


def test_a_letter_is_not_separated_from_its_combining_marks() -> None:
    for limit in range(5, 12):
        parts = split_text("क्षीं" * 20, limit, limit)
        assert "".join(parts) == "क्षीं" * 20
        assert all(len(part) <= limit and part.startswith("क") for part in parts)


def test_a_long_run_of_combining_marks_is_cut() -> None:
    parts = split_text("\u0301" * 300, 100, 100)
    assert "".join(parts) == "\u0301" * 300


@settings(deadline=None)
@given(st.text(min_size=1, max_size=300), st.integers(20, 60), st.integers(5, 20))
def test_every_part_fits_and_only_white_space_is_lost(text: str, limit: int, last_limit: int) -> None:
    parts = split_text(text, limit, last_limit)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(len(part) <= limit for part in parts)
    assert len(parts[-1]) <= last_limit
    assert len(parts) == 1 or all(part.strip() for part in parts[:-1])
