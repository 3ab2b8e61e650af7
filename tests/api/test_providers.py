"""Lines of a call: a tip's number is read letter by letter."""

from __future__ import annotations

import pytest

from satark.api.providers import Line, NoDraft


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Your number is K4Q7-2XPM.", [("Your number is ", False), ("K4Q7-2XPM", True), (".", False)]),
        ("K4Q7-2XPM", [("K4Q7-2XPM", True)]),
        ("K4Q7-2XPMX", [("K4Q7-2XPMX", False)]),
        ("", []),
    ],
)
def test_a_tips_number_is_spelt_letter_by_letter(text: str, parts: list[tuple[str, bool]]) -> None:
    assert list(Line(text=text, language="en").parts()) == parts


def test_a_recogniser_says_why_it_has_no_draft() -> None:
    assert NoDraft("busy").reason == "busy"
