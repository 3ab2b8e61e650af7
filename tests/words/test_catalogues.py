"""Catalogues of texts: a missing language, text or value never breaks a dialogue, and no id is shown."""

from __future__ import annotations

from typing import Final

import pytest

from satark_words import catalogues
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.languages import OFFERED

IN_ANOTHER_LANGUAGE: Final = Catalogue._in_another_language


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The texts reported as missing, as in a running host: other tests fail if a text is missing."""
    found: list[tuple[str, str]] = []
    monkeypatch.setattr(Catalogue, "_in_another_language", IN_ANOTHER_LANGUAGE)
    monkeypatch.setattr(catalogues, "_report", lambda *one: found.append(one))
    return found


def test_a_missing_language_falls_back_to_the_first_language() -> None:
    shipped = Catalogues.of("satark.dialogue")
    assert shipped["xx"].language == "hi"
    assert shipped.languages[:2] == OFFERED


def test_a_missing_value_leaves_its_placeholder() -> None:
    assert Catalogue("en", {"k": "{a} {b}"}).text("k", a=1) == "1 {b}"


def test_a_missing_text_is_said_in_english_then_in_hindi_and_reported(reported: list[tuple[str, str]]) -> None:
    english, hindi = Catalogue("en", {"k": "k {n}"}), Catalogue("hi", {"k": "क", "l": "ल"})
    texts = Catalogues([hindi, english, Catalogue("ur", {})])["ur"]
    assert [texts.text("k", n=1), texts.first("j", "l"), texts.counted("k", 2)] == ["k 1", "ल", "k {n}"]
    assert reported == [("ur", "k"), ("ur", "l"), ("ur", "k")]
    assert "k" not in texts, "a check of the catalogue still finds what it lacks"


def test_a_text_that_no_language_has_is_left_out_and_reported(reported: list[tuple[str, str]]) -> None:
    shipped = Catalogues.of("satark.dialogue")
    assert [shipped[language].text("mailbox.age") for language in shipped.languages] == [""] * len(shipped.languages)
    assert {key for _, key in reported} == {"mailbox.age"}


def test_catalogues_that_override_or_leave_out_languages_still_fall_back(reported: list[tuple[str, str]]) -> None:
    both = Catalogues([Catalogue("en", {"k": "text"}), Catalogue("ur", {})])
    assert both.only(["ur"])["ur"].text("k") == "text"
    assert Catalogue("ur", {}).over(both["ur"]).text("k") == "text"
    assert len(reported) == 2


def test_a_text_that_is_missing_fails_every_other_test() -> None:
    with pytest.raises(AssertionError, match=r"lacks the text 'mailbox\.age'"):
        Catalogues.of("satark.dialogue")["en"].text("mailbox.age")
