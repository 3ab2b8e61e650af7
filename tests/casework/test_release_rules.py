"""Handing over to a station: never the tipster's words, unless two officers agree."""

from __future__ import annotations

from typing import Any

import pytest

from satark.api.tip import Message
from satark.casework import NoSuchTip
from satark.casework.desk_act import ActName, ActRefused, Problem
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


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("note", {}),
        ("report", {}),
        ("correct", {"priority": "high"}),
        ("close", {"outcome": "warned", "reason": "done"}),
        ("approve", {"reason": "done"}),
        ("refuse", {}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_no_act_that_a_station_reads_repeats_the_tipsters_words(
    name: ActName, fields: dict[str, Any], services: Services, tip: SeededTip, offices: dict[str, Office]
) -> None:
    sp = offices["sp"]
    offices["dig"].do(tip, "direct", to="sp", text="look")
    before = len(sp.casework.open(tip.number).thread)
    if name in {"note", "correct"}:
        sp.do(tip, name, text=f"they say: {OWN_WORDS}", **fields)  # no station has it yet
        before += 1
    direct(sp, tip)
    assert sp.refused(tip, name, text=f"they say: {OWN_WORDS}", **fields) == "quotes.note"
    assert len(sp.casework.open(tip.number).thread) == before + 1
    sp.do(tip, "note", text=OWN_WORDS, private=True)
    assert OWN_WORDS not in [one.message.text for one in offices["lanka"].casework.open(tip.number).thread]


def test_no_program_of_a_desk_posts_a_station_the_tipsters_words(
    services: Services, tip: SeededTip, offices: dict[str, Office]
) -> None:
    sp = offices["sp"]
    direct(sp, tip)
    opened = sp.casework.open(tip.number)
    message = Message(sender="desk", desk="sp", text=OWN_WORDS, internal=True)
    with pytest.raises(ActRefused, match="quotes"):
        services.write_now(lambda unit: sp.casework.post(unit, opened, message))


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
