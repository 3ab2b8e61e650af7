"""A place is read from names in a text, at the beginning and the end of a long one."""

from __future__ import annotations

import pytest

from satark_words.geography.geography import Geography
from satark_words.reader import Reader

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)

STORY = "roz raat me log sharab peete hai aur gaana bajta hai "


@pytest.mark.parametrize("told", ["lanka me " + STORY * 40, STORY * 40 + "ye lanka me hai"])
def test_a_place_at_either_end_of_a_long_story_is_read(told: str) -> None:
    assert READER.open(told).place.station == "lanka"
