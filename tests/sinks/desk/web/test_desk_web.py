"""The language of the pages follows the browser."""

from __future__ import annotations

import pytest

from satark.api.web import preferred
from satark_desk.web.page_text import officers_languages


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "hi"),
        ("en-IN,en;q=0.9", "en"),
        ("hi-IN", "hi"),
        ("ta,en;q=0.5", "en"),
        ("ta", "hi"),
        (",;;=,*", "hi"),
        ("\x00" * 50, "hi"),
    ],
)
def test_the_browsers_language_is_used_if_it_is_supported(accepted: str, expected: str) -> None:
    assert preferred(accepted, officers_languages()) == expected
