"""Tokens: two spellings that readers take for the same word fold to the same string."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from satark_words.tokens import ascii_digits, fold, normalize
from support.loops import every_row

SAME = [
    ("हिन्दी", "हिंदी"),
    ("हाँ", "हां"),
    ("छोड़ें", "छोडें"),
    ("ख़त्म", "खत्म"),
    ("अंग्रेज़ी", "अंग्रेजी"),
    ("बाज़ार", "बाज़ार"),
    ("ड़", "ड़"),
    ("कैण्ट", "कैंट"),
    ("चम्पा", "चंपा"),
    ("पञ्च", "पंच"),
    ("गङ्गा", "गंगा"),
    ("१२३", "123"),
    ("۱۲", "12"),
    ("২", "2"),
    ("1️⃣", "1"),
    ("🔟", "10"),
    ("1.", "1"),
    ("1)", "(1)"),
    ("हो गया।", "हो गया"),
    ("क्\u200dष", "क्ष"),
    ("न\u200cमस्ते", "नमस्ते"),
    ("HELP", "help"),
    ("ＨＥＬＰ", "help"),
    ("don't know", "Don’t KNOW"),
    ("  go \n back ", "go back"),
    ("Straße", "STRASSE"),
]

devanagari = st.text(st.characters(min_codepoint=0x0900, max_codepoint=0x097F), max_size=12)

anything = st.one_of(st.text(max_size=20), devanagari)

LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@every_row("one, other", SAME)
def test_variants_of_a_word_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


@every_row("one, other", [("कन्या", "कंया"), ("जन्म", "जंम"), ("बस", "बास"), ("12", "21"), ("पीछे", "पूछे")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@every_row("text, folded", [("", ""), ("!!", ""), ("👋", ""), ("?", "?"), ("??!", "?"), ("why?", "why")])
def test_punctuation_without_words_means_nothing_but_a_question_mark(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.slow("a third of a second of a processor")
@given(anything)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(devanagari)
def test_composed_and_decomposed_letters_fold_alike(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert fold(unicodedata.normalize(form, text)) == fold(text)


@given(anything)
def test_surroundings_and_joiners_do_not_matter(text: str) -> None:
    if fold(text) not in {"", "?"}:
        assert fold(f" \u200d{text}।\n") == fold(text)


@given(st.integers(0, 10**9), st.sampled_from("०০੦૦୦௦౦೦൦٠۰０"))
def test_digits_of_every_script_fold_to_ascii(number: int, zero: str) -> None:
    written = "".join(chr(ord(zero) + int(digit)) for digit in str(number))
    assert fold(written) == str(number) == ascii_digits(written)


@LAWS
@given(st.text(max_size=80))
@example("ำ")
@example("ＤＡＲＵ  कहाँ॥ شراب؟ ½ ﬁ İ")
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once
