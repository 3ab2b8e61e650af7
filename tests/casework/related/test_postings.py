"""Postings: filed places are found in order, and places that no longer count are not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.casework.related import postings
from satark.casework.related.postings import Postings

keys = st.lists(st.sampled_from("abcdefgh"), unique=True)


@pytest.fixture(autouse=True, scope="module")
def _small_lists() -> object:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_LEAST", 3), ("_MOST", 12), ("_SLACK", 1)):
            patch.setattr(postings, name, value)
        yield


@given(st.lists(keys), st.sets(st.integers(0, 20)))
def test_a_key_finds_the_places_that_were_filed_under_it_and_still_count(
    filed: Sequence[Sequence[str]], gone: set[int]
) -> None:
    kept = set[int]()
    index = Postings(lambda place: place in kept)
    for place, its in enumerate(filed):
        kept.add(place)
        index.add(its, place)
    for place in gone & kept:
        kept.discard(place)
        index.note_gone()
    for key in "abcdefgh":
        wanted = [place for place, its in enumerate(filed) if key in its and place in kept]
        assert list(index.under(key)) == wanted[::-1]
