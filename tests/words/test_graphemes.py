"""Measuring and clipping: text is never cut within a written character, and never exceeds the limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from satark_words.graphemes import Unit, clusters, replace_surrogates, size, split, truncate
from support.loops import every_row

mixed = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("नशीले पदार्थों क्ष्म\u200d👨‍👩‍👧🇮🇳é\u0301👍🏽")), max_size=40
)
units = st.sampled_from(["characters", "utf16", "bytes"])


@every_row(
    "text, parts",
    [
        ("नशीले", ["न", "शी", "ले"]),
        ("क्षेत्र", ["क्षे", "त्र"]),
        ("हिन्दी", ["हि", "न्दी"]),
        ("e\u0301a", ["e\u0301", "a"]),
        ("👨‍👩‍👧x", ["👨‍👩‍👧", "x"]),
        ("👍🏽👍", ["👍🏽", "👍"]),
        ("🇮🇳🇮🇳", ["🇮🇳", "🇮🇳"]),
        ("1️⃣2", ["1️⃣", "2"]),
        ("a\r\nb", ["a", "\r\n", "b"]),
        ("", []),
    ],
)
def test_clusters_are_the_characters_that_a_reader_sees(text: str, parts: list[str]) -> None:
    assert list(clusters(text)) == parts


@every_row(
    "text, unit, length",
    [
        ("ab", "bytes", 2),
        ("हाँ", "characters", 3),
        ("हाँ", "utf16", 3),
        ("हाँ", "bytes", 9),
        ("👍", "utf16", 2),
        ("👍", "bytes", 4),
    ],
)
def test_a_text_is_measured_in_each_unit(text: str, unit: Unit, length: int) -> None:
    assert size(text, unit) == length


@given(mixed)
def test_clusters_joined_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text


@given(mixed, st.integers(0, 40), units)
def test_a_clipped_text_fits_and_ends_between_characters(text: str, limit: int, unit: Unit) -> None:
    clipped = truncate(text, limit, unit)
    assert size(clipped, unit) <= limit
    if clipped != text and clipped:
        kept = list(clusters(clipped.removesuffix("…")))
        assert clipped.endswith("…")
        assert list(clusters(text))[: len(kept)] == kept


def test_clipping_devanagari_cuts_no_vowel_sign() -> None:
    assert truncate("नशीले पदार्थों", 5) == "नशी…"
    assert truncate("नशीले", 0) == ""


@given(mixed, st.integers(1, 40))
def test_a_split_text_loses_nothing(text: str, limit: int) -> None:
    head, rest = split(text, limit)
    assert head + rest == text
    assert head or not text


def test_a_text_is_split_at_a_space_near_the_limit() -> None:
    assert split("aaaa bbbb cccc dddd eeee ffff", 26) == ("aaaa bbbb cccc dddd eeee", " ffff")
    assert split("क्षक्षक्ष", 4)[0] == "क्ष"


def test_lone_surrogates_are_replaced_and_pairs_are_healed() -> None:
    assert replace_surrogates("a\ud83dz") == "a\ufffdz"
    assert replace_surrogates("\ud83d\udc4d") == "👍"
    assert replace_surrogates("हाँ") == "हाँ"
