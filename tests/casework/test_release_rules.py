"""Handing over to a station: never the tipster's words, unless two officers agree."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select

from satark.api.sealing import CantOpen, open_as
from satark.api.tip import Message, Status
from satark.casework import NoSuchTip
from satark.casework.desk_act import ActName, ActRefused, Problem
from satark.casework.hold_acts import TipKeeping
from satark.casework.hold_rules import StepRefused
from satark.services import Services
from satark.store import tables
from support.desks import Office
from support.releases import OWN_WORDS, REWORDING, direct
from support.tips import SeededTip

pytestmark = pytest.mark.slow("a desk at work")
QUOTE = "as you said, the cow was sold by Ramesh"


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


@pytest.mark.parametrize("status", ["ACTED", "UNCONFIRMED", "SET_ASIDE", "TRANSFERRED", "CLOSED", "REOPENED"])
def test_a_station_learns_that_work_ended_or_begins_again_and_not_what_is_written_to_the_tipster(
    status: Status, tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    sp, lanka = offices["sp"], offices["lanka"]
    direct(sp, tip)
    if status == "REOPENED":
        sp.do(tip, "status", status="ACTED")
    closing = {"outcome": "warned", "text": "done", "reason": QUOTE}
    if status == "CLOSED":
        sp.do(tip, "close", **closing)
    else:
        sp.do(tip, "status", status=status, text=QUOTE)
    opened, seen = sp.casework.open(tip.number), lanka.casework.open(tip.number)
    newest = opened.thread[-1].message
    assert (newest.text, opened.status, opened.work.disputed) == (QUOTE, status, False)
    assert opened.work.finished == seen.work.finished == (status != "REOPENED")
    assert seen.status == ("IN_REVIEW" if status == "REOPENED" else status)
    rows = services.read(lambda c: c.execute(select(tables.message.c.sealed)).scalars().all())
    read = [one.text for row in rows if (one := opened_by(lanka.desk.identity, row))]
    assert read
    assert QUOTE not in "".join(read)


def opened_by(identity: str, sealed: bytes) -> Message | None:
    with suppress(CantOpen):
        return open_as(Message, sealed, identity)
    return None


def test_the_end_of_work_is_told_apart_only_to_a_station_and_only_if_a_text_comes_with_it(
    tip: SeededTip, offices: dict[str, Office]
) -> None:
    sp = offices["sp"]
    before = len(sp.casework.open(tip.number).thread)
    sp.do(tip, "status", status="ACTED", text=QUOTE)
    assert len(sp.casework.open(tip.number).thread) == before + 1, "no station has it"
    direct(sp, tip)
    sp.do(tip, "status", status="ACTED")
    assert len(sp.casework.open(tip.number).thread) == before + 3
    assert offices["lanka"].casework.open(tip.number).status == "ACTED"


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
