"""Bulk acts follow the rules of each tip, and name each act that was not done, with the reason."""

from __future__ import annotations

import pytest

from satark.api.tip import Message
from satark.casework.bulk import BulkAct, BulkKind
from satark.casework.clocks import Clocks
from satark.casework.desk_act import MAX_REPORT
from satark.casework.desk_acts import DeskActs
from satark.services import Services
from support.desks import SeededDesk, listed_officer
from support.tips import seed_message, seed_tip

pytestmark = pytest.mark.slow("a desk at work")


def test_tips_that_the_rules_refuse_are_named_and_the_act_is_done_on_the_others(
    services: Services, sp: SeededDesk
) -> None:
    work = sp.casework_of("sp-1")
    acts = DeskActs(services, work, Clocks())
    normal, urgent = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk], priority="urgent")
    numbers, act = (
        [normal.number.lower(), urgent.number, normal.number, "K999-9999"],
        BulkAct(kind="aside", text="prank"),
    )
    expected = [(normal.number, ""), (urgent.number, "aside"), ("K999-9999", "gone")]
    assert [(one.number, one.problem) for one in act.check_all(acts, work, numbers)] == expected
    assert work.open(normal.number).status == "RECEIVED"
    assert [(one.number, one.problem) for one in act.perform_all(acts, work, numbers)] == expected
    opened = work.open(normal.number)
    assert (opened.status, opened.thread[-1].message.text) == ("SET_ASIDE", "prank")
    assert work.open(urgent.number).thread == ()


def test_several_tips_are_merged_into_one_of_them(services: Services, sp: SeededDesk) -> None:
    work = sp.casework_of("sp-1")
    tips = [seed_tip(services, [sp.desk]) for _ in range(8)]
    leading = tips[3].number
    act = BulkAct(kind="merge", to=leading)
    outcomes = act.perform_all(DeskActs(services, work, Clocks()), work, [tip.number for tip in tips])
    assert [one.problem for one in outcomes] == [""] * 7
    assert {work.open(tip.number).work.merged_into for tip in tips if tip.number != leading} == {leading}
    assert work.open(leading).status == "RECEIVED"


@pytest.mark.parametrize(
    ("kind", "fields", "problem"),
    [
        ("priority", {"priority": "urgent", "text": ""}, "correct"),
        ("priority", {"priority": "urgent", "text": "armed"}, ""),
        ("assign", {"to": "nobody"}, "assign"),
        ("resume", {}, ""),
    ],
)
def test_each_kind_follows_the_rules_of_its_act(
    services: Services, sp: SeededDesk, kind: BulkKind, fields: dict[str, str], problem: str
) -> None:
    seeded, work = seed_tip(services, [sp.desk]), sp.casework_of("sp-1")
    acts = DeskActs(services, work, Clocks())
    (outcome,) = BulkAct(kind=kind, **fields).perform_all(acts, work, [seeded.number])
    assert outcome.problem == problem


def test_only_their_own_desk_reads_a_note_to_the_officer_who_takes_over(
    services: Services, lanka: SeededDesk, dig: SeededDesk
) -> None:
    officers = (listed_officer("asha", "head"), listed_officer("bina"))
    sp = SeededDesk(services, "sp", officers=officers)
    seeded, work = seed_tip(services, [sp.desk, dig.desk, lanka.desk]), sp.casework_of("asha")
    acts, act = DeskActs(services, work, Clocks()), BulkAct(kind="assign", to="bina", text="the van comes at nine")
    assert [one.problem for one in act.perform_all(acts, work, [seeded.number])] == [""]
    thread = sp.casework_of("bina").open(seeded.number).thread
    assert [(one.message.case and one.message.case.to, one.message.text) for one in thread] == [
        ("bina", ""),
        (None, "the van comes at nine"),
    ]
    assert [one.message.text for one in dig.casework.open(seeded.number).thread] == [""]


def test_a_tip_that_has_changed_since_the_page_was_shown_is_left_as_it_is(services: Services, sp: SeededDesk) -> None:
    work = sp.casework_of("sp-1")
    first, second = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk])
    seen = {tip.number: work.open(tip.number).summary.newest for tip in (first, second)}
    seed_message(services, first, Message(sender="tipster", text="they come tonight"))
    act = BulkAct(kind="aside", text="prank")
    done = act.perform_all(DeskActs(services, work, Clocks()), work, seen, seen)
    assert [(one.number, one.problem) for one in done] == [(first.number, "changed"), (second.number, "")]
    assert [work.open(tip.number).status for tip in (first, second)] == ["RECEIVED", "SET_ASIDE"]


def test_nothing_is_handed_over_with_a_note_that_is_too_long(services: Services) -> None:
    sp = SeededDesk(services, "sp", officers=(listed_officer("asha", "head"), listed_officer("bina")))
    seeded, work = seed_tip(services, [sp.desk]), sp.casework_of("asha")
    acts, act = DeskActs(services, work, Clocks()), BulkAct(kind="assign", to="bina", text="x" * (MAX_REPORT + 1))
    assert [one.problem for one in act.check_all(acts, work, [seeded.number])] == ["long"]
    assert [one.problem for one in act.perform_all(acts, work, [seeded.number])] == ["long"]
    assert work.open(seeded.number).thread == ()
