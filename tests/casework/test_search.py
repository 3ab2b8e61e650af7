"""Search: spelling, script, numbers, snippets. Compares a table of officers' queries with tips."""

from __future__ import annotations

import pytest

from satark.casework.search import Query, SearchText, skeleton_of


def found(query: str, *texts: str) -> str | None:
    return SearchText.of(texts).find(Query.of(query))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("UP65CD4411", "गाड़ी UP65 CD 4411 रात को आती है"),
        ("up65 cd 4411", "UP65CD4411"),
        ("UP-65-CD-4411", "up65cd4411"),
        ("UP65CD4411", "यूपी की गाड़ी UP65 CD ४४११"),
        ("4K7Q2XPM", "4K7Q-2XPM"),
        ("4K7Q-2XPM", "4k7q-2xpm"),
        ("हथियार", "they sell hathiyar at night"),
        ("hathiyar", "यहाँ हथियार बनते हैं"),
        ("hathiyaar", "हथियारों का अड्डा"),
        ("sharab", "कच्ची शराब बन रही है"),
        ("शराब", "sharaab ki dukan"),
        ("tamancha", "तमंचा बनता है"),
        ("तमंचा", "tamanche bechta hai"),
        ("smack", "smack bikti hai"),
        ("हिन्दी", "हिंदी"),
        ("kallu", "Kallu"),
        ("कल्लू", "kallu bhai"),
        ("जुआ", "jua hota hai"),
        ("jua", "यहाँ जुआ होता है"),
        ("sona", "सोना चोरी का है"),
        ("लंका", "LANKA crossing"),
        ("red assi", "Big RED truck at Assi"),
        ("truck", "trucks"),
        ("9876543210", "फ़ोन 98765 43210"),
    ],
)
def test_a_tip_is_found_in_any_spelling(query: str, text: str) -> None:
    assert found(query, text) is not None


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("UP65CD4412", "UP65 CD 4411"),
        ("nothing", "कुछ और"),
        ("red bike", "Big RED truck"),
        ("शराब", "सर्राफ़ा बाज़ार"),
        ("जुआ", "शराब"),
        ("ab", "बाबा"),
        ("hathi", "हत्या"),
        ("कल्लू", "kal aana"),
    ],
)
def test_a_word_that_is_not_in_the_tip_is_not_found(query: str, text: str) -> None:
    assert found(query, text) is None


def test_a_snippet_shows_the_found_words_in_their_original_spelling() -> None:
    long = "word " * 40 + "गाड़ी UP65 CD 4411 खड़ी है" + " word" * 40
    snippet = found("UP65CD4411", long)
    assert snippet is not None
    assert "UP65 CD 4411" in snippet
    assert snippet.startswith("…")
    assert len(snippet) < 120


def test_a_word_has_one_skeleton_in_both_scripts() -> None:
    assert skeleton_of("hathiyar") == skeleton_of("हथियार") == "htr"
