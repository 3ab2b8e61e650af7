"""A line is read in the language of its script."""

from __future__ import annotations

from satark_sms_ivr.call_texts import language_of


def test_a_line_is_read_in_the_language_of_its_script() -> None:
    assert [language_of(text, "hi") for text in ("हाँ", "Yes", "112", "UP65 में")] == ["hi", "en", "hi", "hi"]
