"""Segments are counted like networks count them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.prompt import Choice, Prompt
from satark_sms_ivr.segments import count_segments, fit_to_sms, more_hint, split_into_pages, to_gsm7
from satark_words.graphemes import clusters


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
def test_the_segments_of_a_text(text: str, expected: int) -> None:
    assert count_segments(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("It’s “done”…", 'It\'s "done"...'), ("• one – two", "- one - two"), ("हाँ “ना”", 'हाँ "ना"'), ("₹500", "Rs 500")],
)
def test_typographic_marks_are_replaced_by_those_of_the_7_bit_alphabet(text: str, expected: str) -> None:
    assert to_gsm7(text) == expected


HINDI = "आपका नाम, पता या मोबाइल नंबर नहीं पूछा जाएगा और किसी पुलिस अधिकारी को नहीं दिखेगा। "


texts = st.text(
    st.one_of(st.sampled_from("काक्षत्रि\u0901\u093fज्ञ😀👩‍👩‍👧 \nab€{’"), st.characters(codec="utf-8")), max_size=900
)


def without_spaces(text: str) -> str:
    """Return a text without white space."""
    return "".join(text.split())


@given(texts)
def test_pages_have_at_most_three_segments_and_lose_nothing(text: str) -> None:
    found = split_into_pages(text)
    assert all(count_segments(page) <= 3 for page in found)
    assert without_spaces("".join(found)) == without_spaces(to_gsm7(text))


@given(st.lists(st.sampled_from(["क्षत्रिय", "हूँ", "👩‍👩‍👧", "नशीले", " ", "\n", "ज्ञा"]), max_size=300).map("".join))
def test_no_page_begins_or_ends_inside_a_grapheme_cluster(text: str) -> None:
    found = split_into_pages(text, more_hint("hi"))
    bodies = [page.removesuffix(f"\n{more_hint('hi')}") for page in found[:-1]] + found[-1:]
    found_letters = [letter for page in bodies for letter in clusters(page) if letter.strip()]
    assert found_letters == [letter for letter in clusters(text) if letter.strip()]
    assert not [page for page in bodies if page and unicodedata.category(page[0]).startswith("M")]


@pytest.mark.parametrize("language", ["hi", "en", "bho"])
def test_every_choice_of_a_long_menu_is_on_exactly_one_page(language: str) -> None:
    choices = tuple(Choice(f"category:C{n}:1", f"विकल्प {n} के बारे में सूचना") for n in range(1, 13))
    prompt = Prompt(text=HINDI * 2, language=language, choices=choices, wants="choice")
    first = fit_to_sms(prompt)
    assert first.choices == ()
    hint = more_hint(language)
    shown = [fit_to_sms(Prompt(text=HINDI * 2, language=language, choices=choices, page=n)).text for n in range(5)]
    assert all(count_segments(page) <= 3 for page in shown)
    assert shown[0].endswith(hint)
    turned = shown[: shown.index(next(page for page in shown if not page.endswith(hint))) + 1]
    for number, choice in enumerate(choices, 1):
        assert sum(f"{number} {choice.label}" in page for page in turned) == 1


def test_a_prompt_that_must_arrive_is_sent_in_full() -> None:
    prompt = Prompt(text=HINDI * 5, language="hi", must_arrive=True)
    fitted = fit_to_sms(prompt)
    assert fitted.text == (HINDI * 5)
    assert len(split_into_pages(fitted.text)) > 1
