"""Recusal: an officer who knows people in a tip loses the tip, and all other officers keep it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from satark.casework import Casework, NoSuchTip, TwoOfficerApproval
from satark.casework.clocks import Clocks, Offices
from satark.casework.desk_act import ActName, ActRefused, DeskAct, Problem
from satark.casework.desk_acts import DeskActs
from satark.casework.errors import NotTheseTwoOfficers
from satark.casework.flood_groups import flood_groups
from satark.casework.merged_status import merged_into
from satark.casework.two_officers import check_two_officers
from satark.custody.verify_log import verify_log
from satark.roster.entries import RECOVERY
from satark.roster.state import RosterState
from satark.services import Services
from support.desks import Office, SeededDesk, listed_officer
from support.tips import SeededTip, seed_tip

pytestmark = pytest.mark.slow("a desk at work")

WORDS = "UP65CD4411 कल्लू शराब बेचता है"


class Officer:
    """One of several officers of a desk, acting by the rules."""

    def __init__(self, services: Services, desk: SeededDesk, name: str) -> None:
        self.casework = desk.casework_of(name)
        self._acts = DeskActs(services, self.casework, Clocks())

    def do(self, tip: SeededTip, name: ActName, **fields: Any) -> None:
        self._acts.perform(self.casework.open(tip.number), DeskAct(name=name, **fields))

    def refused(self, tip: SeededTip, name: ActName, **fields: Any) -> Problem:
        with pytest.raises(ActRefused) as refusal:
            self.do(tip, name, **fields)
        return refusal.value.problem


@pytest.fixture
def sp(services: Services) -> SeededDesk:
    officers = (
        listed_officer("asha", "head"),
        listed_officer("bina"),
        listed_officer("audit", "auditor"),
        listed_officer(RECOVERY, "head"),
    )
    return SeededDesk(services, "sp", officers=officers)


@pytest.fixture
def asha(services: Services, sp: SeededDesk) -> Officer:
    return Officer(services, sp, "asha")


@pytest.fixture
def bina(services: Services, sp: SeededDesk) -> Officer:
    return Officer(services, sp, "bina")


@pytest.fixture
def seed(services: Services, sp: SeededDesk, dig: SeededDesk) -> Callable[..., SeededTip]:
    """Make a tip at the SP and the DIG."""
    return lambda **fields: seed_tip(services, [sp.desk, dig.desk], **fields)


@pytest.fixture
def tip(seed: Callable[..., SeededTip]) -> SeededTip:
    return seed(answers={"category": "liquor", "what": WORDS})


@pytest.fixture
def risen(services: Services, dig: SeededDesk, tip: SeededTip) -> Callable[[], bool]:
    """Tell whether the tip rose to the DIG."""
    return lambda: (
        "risen" in Offices.of(services.desks(), services.geography).marks("dig", dig.casework.open(tip.number).work, ())
    )


def test_a_recused_officer_finds_the_tip_nowhere_and_the_others_keep_it(
    seed: Callable[..., SeededTip], asha: Officer, bina: Officer, tip: SeededTip
) -> None:
    other = seed(answers={"category": "liquor", "what": WORDS})
    merged = seed(answers={"category": "liquor"})
    asha.do(merged, "merge", to=other.number)
    before = seen(asha.casework, other)
    assert seen(bina.casework, other) == before
    for one in (tip, merged):
        bina.do(one, "recuse")
        with pytest.raises(NoSuchTip):
            bina.casework.open(one.number)
    gone = {"listed": {other.number}, "kept": {other.number}, "found": {other.number}, "exported": {other.number}}
    assert seen(bina.casework, other) == {**gone, "related": set(), "merged": set()}
    assert seen(asha.casework, other) == before
    asha.do(tip, "note", text="gone on")


def seen(casework: Casework, tip: SeededTip) -> dict[str, set[str]]:
    """Return the numbers of the tips in each of an officer's lists. `tip` has related tips."""
    opened = casework.open(tip.number)
    ids = {one.id: one.header.number for one in casework.summaries()}
    return {
        "listed": set(ids.values()),
        "kept": {summary.header.number for summary, _ in casework.keepings()},
        "found": {ids.get(found, found) for found in casework.find("")},
        "exported": {one.tip.number for one in casework.export_list()},
        "related": {one.summary.header.number for one in casework.related_tips(opened)},
        "merged": {one.header.number for one in merged_into(casework, tip.number)},
    }


def test_a_flood_leaves_out_tips_from_which_the_officer_recused_themselves(
    seed: Callable[..., SeededTip], asha: Officer, bina: Officer
) -> None:
    flood = [seed(answers={"category": "liquor"}) for _ in range(5)]
    bina.do(flood[0], "recuse")
    (of_bina,) = flood_groups(bina.casework.cache, bina.casework.may_read)
    (of_asha,) = flood_groups(asha.casework.cache, asha.casework.may_read)
    assert {one.header.number for one in of_bina.tips} == {one.number for one in flood[1:]}
    assert len(of_asha.tips) == 5


def test_only_the_officers_own_desk_reads_a_recusal_and_no_recusal_counts_as_work(
    asha: Officer, bina: Officer, tip: SeededTip, offices: dict[str, Office]
) -> None:
    asha.do(tip, "assign", to="bina")
    before = asha.casework.open(tip.number).work
    bina.do(tip, "recuse")
    work = asha.casework.open(tip.number).work
    assert (work.recused, work.assigned) == ({"sp": frozenset({"bina"})}, {})
    assert before.assigned == {"sp": "bina"}
    at_dig = offices["dig"].casework.open(tip.number)
    assert at_dig.work.recused == {}
    assert "bina" not in repr([(one.message.case, one.officer) for one in at_dig.thread if one.message.case is None])
    assert asha.refused(tip, "assign", to="bina") == "assign.recused"


def test_a_recusal_stops_no_clock(bina: Officer, asha: Officer, tip: SeededTip) -> None:
    bina.do(tip, "recuse")
    assert not asha.casework.open(tip.number).work.acted


def test_a_tip_stops_rising_once_the_desk_that_had_nobody_left_acts_again(
    services: Services, sp: SeededDesk, risen: Callable[[], bool], asha: Officer, tip: SeededTip
) -> None:
    Officer(services, sp, "bina").do(tip, "recuse")
    asha.do(tip, "recuse")
    sp.add_officer(listed_officer("chhaya"))
    new = Officer(services, sp, "chhaya")
    new.do(tip, "readmit", to="bina", text="another man of that name")
    assert not risen()


def test_only_another_officer_with_a_reason_undoes_a_recusal(bina: Officer, asha: Officer, tip: SeededTip) -> None:
    opened = bina.casework.open(tip.number)
    bina.do(tip, "recuse")
    with pytest.raises(ActRefused):  # with the tip as the officer had opened it before the recusal
        bina._acts.perform(opened, DeskAct(name="readmit", to="bina", text="I was wrong"))
    assert asha.refused(tip, "readmit", to="bina") == "readmit"
    assert asha.refused(tip, "readmit", to="asha", text="x") == "readmit.none"
    asha.do(tip, "readmit", to="bina", text="another man of that name")
    assert bina.casework.open(tip.number).work.recused == {"sp": frozenset()}
    bina.do(tip, "note", text="back")


def test_the_desk_above_is_told_as_long_as_no_officer_has_the_tip(
    dig: SeededDesk, risen: Callable[[], bool], asha: Officer, bina: Officer, tip: SeededTip
) -> None:
    bina.do(tip, "recuse")
    assert not risen()
    asha.do(tip, "recuse")
    opened = dig.casework.open(tip.number)
    assert opened.work.unattended == frozenset({"sp"})
    assert risen()
    assert "bina" not in repr([one.message.case and one.message.case.to for one in opened.thread])
    dig.casework.note(opened, "we take it")
    assert risen()


def test_the_last_officer_who_has_a_tip_can_not_recuse_themselves(
    services: Services, sp: SeededDesk, asha: Officer, bina: Officer
) -> None:
    alone = seed_tip(services, [sp.desk])
    bina.do(alone, "recuse")
    assert asha.refused(alone, "recuse") == "recuse.last"
    assert asha.casework.open(alone.number).header.number == alone.number


def test_both_logs_record_a_recusal_and_stay_valid(
    services: Services, asha: Officer, bina: Officer, tip: SeededTip
) -> None:
    bina.do(tip, "recuse")
    asha.do(tip, "readmit", to="bina", text="another man")
    rows = asha.casework.custody(asha.casework.open(tip.number))
    entries = [(row.entry.action, row.entry.officer, row.entry.second, row.row.file) for row in rows if row.entry]
    assert entries == [("recused", "bina", "", ""), ("readmitted", "asha", "bina", "")]
    assert verify_log(services).problems == ()


def test_a_recused_officer_approves_no_originals(
    services: Services, asha: Officer, bina: Officer, tip: SeededTip
) -> None:
    state: RosterState = services.roster_state()
    opened = asha.casework.open(tip.number)
    assert check_two_officers(state, opened, "sp", "asha", "bina") == TwoOfficerApproval(
        "asha", "bina", may_listen=True
    )
    bina.do(tip, "recuse")
    with pytest.raises(NotTheseTwoOfficers):
        check_two_officers(state, asha.casework.open(tip.number), "sp", "asha", "bina")


def test_the_tipster_of_a_merged_tip_reads_the_status_when_an_officer_who_has_both_tips_acts(
    seed: Callable[..., SeededTip], asha: Officer, bina: Officer, tip: SeededTip
) -> None:
    leading = seed()
    asha.do(tip, "merge", to=leading.number)
    bina.do(tip, "recuse")
    bina.do(leading, "status", status="VERIFYING")
    assert asha.casework.open(tip.number).status == "MERGED"
    asha.do(leading, "note", text="seen")
    assert asha.casework.open(tip.number).status == "VERIFYING"
