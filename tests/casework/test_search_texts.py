"""What a search finds and shows of a tip: what people wrote, and the names of what was chosen, never their codes."""

from __future__ import annotations

import pytest

from satark.services import Services
from support.desks import Office, SeededDesk
from support.tips import SeededTip, seed_tip

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
        ("liquor", "Illegal liquor / drugs"),
        ("शराब", "अवैध शराब / नशा"),
        ("लंका", "लंका"),
        ("Varanasi", "Varanasi"),
    ],
)
def test_a_snippet_shows_the_words_or_the_name(sp: SeededDesk, tip: SeededTip, query: str, snippet: str) -> None:
    assert sp.casework.find(query)[tip.id] == snippet


@pytest.mark.parametrize("code", ["INTOX", "few", "25.28"])
def test_no_code_is_found(sp: SeededDesk, tip: SeededTip, code: str) -> None:
    assert not sp.casework.find(code)


def test_a_corrected_category_is_found_by_its_new_name(
    sp: SeededDesk, tip: SeededTip, offices: dict[str, Office]
) -> None:
    offices["sp"].do(tip, "correct", category="MINE", text="It is about sand")
    assert tip.id in sp.casework.find("mining")
    assert tip.id not in sp.casework.find("drugs")
