"""Handing over to a station: never the tipster's words, unless two officers agree."""

from __future__ import annotations

from typing import Any

import pytest

from satark.casework import NoSuchTip
from satark.casework.desk_act import Problem
from satark.casework.hold_acts import TipKeeping
from satark.casework.hold_rules import StepRefused
from satark.services import Services
from support.desks import Office
from support.releases import OWN_WORDS, REWORDING, direct
from support.tips import SeededTip

pytestmark = pytest.mark.slow("a desk at work")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"rewording": OWN_WORDS}, "quotes"),
        ({"rewording": f"It says: {OWN_WORDS}!"}, "quotes"),
        ({"text": OWN_WORDS}, "quotes"),
        ({"rewording": "मेरे भाई ने भी देखा"}, "quotes"),
        ({"answers": {"what": "all"}}, "field"),
        ({"answers": {"who": "x" * 1001}}, "long"),
    ],
)
def test_a_rewording_that_quotes_the_tipster_is_refused(
    fields: dict[str, Any], problem: Problem, tip: SeededTip, offices: dict[str, Office]
) -> None:
    given = {"to": "lanka", "text": "look", "rewording": REWORDING, **fields}
    assert offices["sp"].refused(tip, "direct", **given) == problem


def test_a_desk_with_a_release_neither_directs_nor_keeps_nor_erases_the_tip(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    direct(offices["sp"], tip)
    lanka = offices["lanka"]
    assert lanka.casework.directing.allowed_targets(lanka.casework.open(tip.number)) == []
    assert lanka.refused(tip, "direct", to="dig", text="yours") == "released"
    assert lanka.casework.keepings() == []
    with pytest.raises(StepRefused):
        TipKeeping(services, lanka.casework).ask(lanka.casework.open(tip.number), "ask_hold", "x")


def test_the_tipsters_own_words_wait_for_a_second_officer(tip: SeededTip, offices: dict[str, Office]) -> None:
    sp, lanka = offices["sp"], offices["lanka"]
    direct(sp, tip, raw=True)
    with pytest.raises(NoSuchTip):
        lanka.casework.open(tip.number)
    assert sp.refused(tip, "consent") == "raw.two"
    assert offices["dig"].refused(tip, "consent") == "raw.none"
    asked = sp.casework.open(tip.number).work.raw_asked
    assert asked is not None
    assert asked.officer == "sp-1"
