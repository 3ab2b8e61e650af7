"""Segments are counted as networks count them, and pages hold three at most without losing a letter."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.graphemes import clusters
from satark.prompt import Choice, Prompt
from satark_sms_ivr.paging import MORE, as_text, pages
from satark_sms_ivr.segments import plain, segments

HINDI = "आपका नाम, पता या मोबाइल नंबर नहीं पूछा जाएगा और किसी पुलिस अधिकारी को नहीं दिखेगा। "


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
def test_a_text_takes_so_many_segments(text: str, expected: int) -> None:
    assert segments(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("It’s “done”…", 'It\'s "done"...'), ("• one – two", "- one - two"), ("हाँ “ना”", "हाँ “ना”"), ("₹500", "Rs 500")],
)
def test_typographic_marks_are_written_plainly_where_that_makes_a_text_cheaper(text: str, expected: str) -> None:
    assert plain(text) == expected


texts = st.text(
    st.one_of(st.sampled_from("काक्षत्रि\u0901\u093fज्ञ😀👩‍👩‍👧 \nab€{’"), st.characters(codec="utf-8")), max_size=900
)


def bare(text: str) -> str:
    """What is left without spaces."""
    return "".join(text.split())


@given(texts)
def test_pages_hold_three_segments_at_most_and_everything_that_was_said(text: str) -> None:
    found = pages(text)
    assert all(segments(page) <= 3 for page in found)
    assert bare("".join(found)) == bare(plain(text))


@given(st.lists(st.sampled_from(["क्षत्रिय", "हूँ", "👩‍👩‍👧", "नशीले", " ", "\n", "ज्ञा"]), max_size=300).map("".join))
def test_no_page_begins_or_ends_within_a_written_character(text: str) -> None:
    found = pages(text, MORE["hi"])
    kept = [page.removesuffix(f"\n{MORE['hi']}") for page in found[:-1]] + found[-1:]
    whole = [letter for page in kept for letter in clusters(page) if letter.strip()]
    assert whole == [letter for letter in clusters(text) if letter.strip()]
    assert not [page for page in kept if page and unicodedata.category(page[0]).startswith("M")]


@pytest.mark.parametrize("language", ["hi", "en", "bho"])
def test_a_long_menu_is_paged_and_every_choice_is_on_one_page(language: str) -> None:
    choices = tuple(Choice(f"category:C{n}:1", f"विकल्प {n} के बारे में सूचना") for n in range(1, 13))
    prompt = Prompt(text=HINDI * 2, language=language, choices=choices, wants="choice")
    first = as_text(prompt)
    assert first.choices == ()
    below = MORE.get(language, MORE["en"])
    shown = [as_text(Prompt(text=HINDI * 2, language=language, choices=choices, page=n)).text for n in range(5)]
    assert all(segments(page) <= 3 for page in shown)
    assert shown[0].endswith(below)
    turned = shown[: shown.index(next(page for page in shown if not page.endswith(below))) + 1]
    for number, choice in enumerate(choices, 1):
        assert sum(f"{number} {choice.label}" in page for page in turned) == 1


def test_what_must_arrive_is_sent_whole() -> None:
    prompt = Prompt(text=HINDI * 5, language="hi", must_arrive=True)
    fitted = as_text(prompt)
    assert fitted.text == (HINDI * 5)
    assert len(pages(fitted.text)) > 1
