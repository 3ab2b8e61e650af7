"""Words in their compared form: the same in both scripts, and without words that say nothing."""

from __future__ import annotations

import pytest

from satark.casework.related.wording import STOCK, likeness, telling, words_of


@pytest.mark.parametrize(
    ("devanagari", "latin"), [("शराब", "sharab"), ("ट्रक", "truck"), ("चंपा", "champa"), ("हथियार", "hathiyar")]
)
def test_a_word_is_the_same_in_both_scripts(devanagari: str, latin: str) -> None:
    assert words_of([devanagari]) == words_of([latin]) != frozenset()


def test_numbers_stay_as_they_are_and_empty_words_are_left_out() -> None:
    assert words_of(["यह है 4411 the UP65"]) == {"4411", "up65"}


def test_common_words_make_two_texts_less_alike() -> None:
    one, other = words_of(["chitrakut sharab"]), words_of(["chitrakut jua"])
    assert likeness(one, other, lambda word: word in STOCK)[0] > likeness(one, other, lambda _: False)[0]
    assert likeness(frozenset(), frozenset(), lambda _: False)[0] == 0


def test_stock_words_tell_little() -> None:
    assert telling(words_of(["sharab", "police"])) < 1 <= telling(words_of(["chitrakut"]))
