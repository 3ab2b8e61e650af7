"""A question's first sentence is its heading."""

from __future__ import annotations

import pytest

from satark.api.flow import FormQuestion
from satark_web_form.fieldsets import Fieldset


@pytest.mark.parametrize(
    ("text", "heading", "rest"),
    [
        ("What is happening? Only what you know.", "What is happening?", "Only what you know."),
        ("किस पर शक है? जिसका नाम लेंगे, सूचना उससे दूर रखी जाएगी।", "किस पर शक है?", "जिसका नाम लेंगे, सूचना उससे दूर रखी जाएगी।"),
        ("फ़ोटो हो तो जोड़ें। जान जोखिम में न डालें।", "फ़ोटो हो तो जोड़ें।", "जान जोखिम में न डालें।"),
        ("Add it if you have it. Never risk it! Never.", "Add it if you have it.", "Never risk it! Never."),
        ("Number or looks, e.g. UP67 AB 1234, white pickup.", "Number or looks, e.g. UP67 AB 1234, white pickup.", ""),
        ("When?", "When?", ""),
    ],
)  # fmt: skip
def test_the_first_sentence_is_the_heading_and_nothing_is_lost(text: str, heading: str, rest: str) -> None:
    one = Fieldset(question=FormQuestion(step="x", kind="text", name="x", text=text), control="lines")
    assert (one.heading, one.rest) == (heading, rest)
