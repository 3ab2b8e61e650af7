"""A search finds and shows people's words, and the names of chosen options, never their codes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.casework.search import Query, SearchText
from satark.casework.search_index import SearchIndex
from satark.services import Services
from support.desks import Office, SeededDesk
from support.tips import SeededTip, seed_tip

pytestmark = pytest.mark.slow("a desk at work")

WORDS = (
    *("हथियार", "hathiyar", "katta", "kattas", "कल्लू", "kallu", "लंका", "Lanka", "थाना", "a", "x-ray", "xray"),
    *("UP65", "UP-65", "CD", "4411", "CD4411", "up65cd4411", "98765-43210", "98765", "43210", "9876543210", "12"),
)
ASKED = (*WORDS, "65cd44", "hath", "kat", "up65-cd4411", "5cd4411", "ray", "एक")
texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
queries = st.lists(st.sampled_from(ASKED), max_size=3).map(" ".join)


@given(st.lists(st.tuples(st.integers(0, 5), st.lists(texts, max_size=2)), max_size=12), st.integers(0, 5), queries)
def test_the_index_finds_the_tips_whose_newest_texts_have_all_words(
    written: Sequence[tuple[int, Sequence[str]]], removed: int, asked: str
) -> None:
    newest = dict[str, Sequence[str]]()
    index = SearchIndex(lambda tip: SearchText.of(newest[tip]))
    for number, one in written:
        newest[str(number)] = one
        index.put(str(number), SearchText.of(one))
    index.remove(str(removed))
    newest.pop(str(removed), None)
    query = Query.of(asked)
    found = index.find(query, lambda _: True)
    assert {tip: found[tip] for tip in found} == {
        tip: snippet for tip, one in newest.items() if (snippet := SearchText.of(one).find(query)) is not None
    }


def test_the_index_is_rebuilt_once_most_of_its_places_belong_to_replaced_texts() -> None:
    index = SearchIndex(lambda _: SearchText.of(["katta 2999"]))
    for number in range(3000):
        index.put("one", SearchText.of([f"katta {number}"]))
    assert dict(index.find(Query.of("katta"), lambda _: True)) == {"one": "katta 2999"}
    assert len(index._tips) < 1500
    assert not index.find(Query.of("17"), lambda _: True)
    assert len(index._places) < 1500


def test_a_word_that_came_after_a_search_is_found() -> None:
    texts = {"one": SearchText.of(["katta"]), "other": SearchText.of(["x-ray"])}
    index = SearchIndex(texts.__getitem__)
    for tip, text in texts.items():
        assert not index.find(Query.of("x-ray"), lambda _: True)
        index.put(tip, text)
    assert set(index.find(Query.of("x-ray"), lambda _: True)) == {"other"}


def test_nobody_finds_tips_that_they_may_not_see() -> None:
    index = SearchIndex(lambda _: SearchText.of(["katta"]))
    index.put("one", SearchText.of(["katta"]))
    index.put("other", SearchText.of(["katta"]))
    assert set(index.find(Query.of("katta"), lambda tip: tip == "other")) == {"other"}
    assert set(index.find(Query.of(""), lambda tip: tip == "other")) == {"other"}


ANSWERS = {
    "category": "INTOX",
    "what": "Bottles are unloaded behind the mill at night",
    "place": {"text": "behind the old mill", "latitude": 25.28, "longitude": 82.99, "district": "varanasi"},
    "police": "no",
    "known_by": "few",
    "vehicle": {"voice": "4"},
}


@pytest.fixture
def tip(services: Services, sp: SeededDesk, monkeypatch: pytest.MonkeyPatch) -> SeededTip:
    # A search looks at the number too, and one in six thousand has `few` in it.
    monkeypatch.setattr("support.tips.new_number", lambda: "K2Q7-2XPM")
    return seed_tip(services, [sp.desk], answers=ANSWERS, category="INTOX")


@pytest.mark.parametrize(
    ("query", "snippet"),
    [
        ("bottles", "Bottles are unloaded behind the mill at night"),
        ("old", "behind the old mill"),
        ("liquor", ""),
        ("शराब", ""),
        ("लंका", ""),
        ("Varanasi mill", "Bottles are unloaded behind the mill at night"),
    ],
)
def test_a_snippet_shows_only_the_words_of_a_tip_that_was_found_by_category_or_place(
    sp: SeededDesk, tip: SeededTip, query: str, snippet: str
) -> None:
    assert sp.casework.find(query)[tip.id] == snippet


@pytest.mark.parametrize("code", ["INTOX", "few", "25.28"])
def test_a_search_finds_no_code_of_an_option(sp: SeededDesk, tip: SeededTip, code: str) -> None:
    assert not sp.casework.find(code)


def test_a_corrected_category_is_found_by_its_new_name(
    sp: SeededDesk, tip: SeededTip, offices: dict[str, Office]
) -> None:
    offices["sp"].do(tip, "correct", category="MINE", text="It is about sand")
    assert tip.id in sp.casework.find("mining")
    assert tip.id not in sp.casework.find("drugs")
