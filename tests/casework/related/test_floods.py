"""The index of floods: it gathers similar tips, and some events end a flood."""

from __future__ import annotations

import pytest

from satark.casework.related.clues import Clues
from satark.casework.related.floods import LEAST, FloodIndex
from satark.casework.related.wording import words_of

TEXT = "mayor ne park ki zameen bech di bachche kahan khelenge shikayat bhejo chitrakut"


def clues(text: str = TEXT, received: str = "2026-11-24T12/PT6H") -> Clues:
    return Clues(words=words_of([text]), received=received, station="lanka")


def floods(index: FloodIndex) -> list[list[str]]:
    return [sorted(tips) for tips in index.floods(lambda _: True)]


def filled(count: int = LEAST, text: str = TEXT, late: str = "") -> FloodIndex:
    index = FloodIndex(lambda tip: clues(text, "2026-11-27T12/PT6H") if tip == late else clues(text))
    for at in range(count):
        index.put(str(at), clues(text))
    return index


def test_the_minimum_number_of_copies_is_a_flood_and_one_fewer_is_not() -> None:
    assert floods(filled()) == [["0", "1", "2", "3"]]
    assert floods(filled(LEAST - 1)) == []


def test_a_tip_that_is_dropped_or_finished_no_longer_counts() -> None:
    index = filled()
    assert list(index.floods(lambda tip: tip != "0")) == []
    index.drop("0")
    assert floods(index) == []


def test_a_day_without_a_copy_ends_a_flood() -> None:
    index = filled(LEAST - 1, late="late")
    index.put("late", clues(received="2026-11-27T12/PT6H"))
    assert floods(index) == []


@pytest.mark.parametrize("text", ["sharab bik rahi hai", "police jaldi"])
def test_a_text_that_many_write_by_chance_is_no_flood(text: str) -> None:
    assert floods(filled(LEAST, f"{text} raat din gaon")) == []
