"""Places: two descriptions or pins of one place are the same, and others are not."""

from __future__ import annotations

import pytest

from satark.casework.related.places import METRES, Pin, landmark


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("पानी टंकी चित्रकूट", "near pani tanki chitrakut", True),
        ("पानी टंकी चित्रकूट", "पानी टंकी रामनगर किला घाट", False),
    ],
)
def test_two_descriptions_are_of_one_place_if_they_share_most_words(one: str, other: str, *, same: bool) -> None:
    first, second = landmark(one, "lanka"), landmark(other, "lanka")
    assert first is not None
    assert second is not None
    assert first.is_same(second) is same
    assert bool(set(first.pairs()) & set(second.pairs())) or not same, "the index finds it by a shared pair"


def test_the_same_words_in_another_station_are_another_place() -> None:
    one, other = landmark("पानी टंकी चित्रकूट", "lanka"), landmark("पानी टंकी चित्रकूट", "sarnath")
    assert one is not None
    assert other is not None
    assert not one.is_same(other)


@pytest.mark.parametrize("text", ["", "मंदिर के पास", "टंकी"])
def test_a_text_of_general_words_is_no_landmark(text: str) -> None:
    assert landmark(text, "lanka") is None


def test_near_pins_lie_in_neighbouring_squares() -> None:
    pin = Pin(25.2827, 82.9991)
    near = Pin(25.2827 + 0.0006, 82.9991)
    assert 0 < pin.metres_to(near) <= METRES
    assert next(near.squares()) in set(pin.squares())
