"""Merging: each tipster keeps a thread of their own and reads the truth, and the merging can be undone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark.api.sealing import CantOpen, open_as
from satark.api.tip import Message, Priority
from satark.casework.clocks import Clocks
from satark.casework.desk_act import ActName, ActRefused, DeskAct
from satark.casework.desk_acts import DeskActs
from satark.casework.merged_status import merged_into
from satark.services import Services
from satark.store import tables
from satark_words.catalogues import Catalogues
from support.acts import direct_whole
from support.desks import SeededDesk
from support.tips import SeededTip, seed_message, seed_tip

pytestmark = pytest.mark.slow("a desk at work")

REASON = "मौके पर कुछ नहीं मिला"


class Merging:
    """Two tips at the SP and the DIG, and what their desks do."""

    def __init__(self, services: Services, sp: SeededDesk, dig: SeededDesk) -> None:
        self.services = services
        self.desks = {name: desk.casework_of(f"{name}-1") for name, desk in (("sp", sp), ("dig", dig))}
        self.holders = [sp.desk, dig.desk]
        self.leading, self.merged = self.tip(), self.tip()

    def tip(self, priority: Priority = "normal") -> SeededTip:
        return seed_tip(self.services, self.holders, priority=priority)

    def do(self, tip: SeededTip, name: ActName, by: str = "sp", **fields: Any) -> None:
        work = self.desks[by]
        DeskActs(self.services, work, Clocks()).perform(work.open(tip.number), DeskAct(name=name, **fields))

    def read_by(self, tip: SeededTip) -> list[Message]:
        """The texts that the tipster reads with their receipt."""
        query = tables.message.select().where(tables.message.c.tip == tip.id).order_by(tables.message.c.seq)
        read = []
        for row in self.services.read(lambda c: c.execute(query).all()):
            try:
                read.append(open_as(Message, row.sealed, tip.receipt_identity))
            except CantOpen:
                continue
        return read

    def statuses_read_by(self, tip: SeededTip) -> list[str | None]:
        return [message.status for message in self.read_by(tip)]


@pytest.fixture
def merging(services: Services, sp: SeededDesk, dig: SeededDesk, lanka: SeededDesk) -> Merging:
    del lanka
    return Merging(services, sp, dig)


def test_each_tipster_reads_the_status_of_the_leading_tip_in_their_own_thread(merging: Merging) -> None:
    merging.do(merging.merged, "merge", to=merging.leading.number, text="same still")
    merging.do(merging.leading, "status", status="ACTION", text="your brother's bike was seen")
    merging.do(merging.leading, "ask", text="what colour?")
    merging.do(merging.leading, "direct", to="lanka", text="look")
    merging.do(merging.leading, "close", outcome="nothing_found", text="seen", reason=REASON)
    read = [(message.status, message.text) for message in merging.read_by(merging.merged)]
    assert read == [("MERGED", ""), ("ACTION", ""), ("CLOSED", REASON)]
    assert merging.desks["sp"].open(merging.merged.number).status == "CLOSED"


def test_the_tipster_of_a_merged_tip_reads_nothing_that_names_the_leading_tip(merging: Merging) -> None:
    merging.do(merging.merged, "merge", to=merging.leading.number, text="same still")
    shown = repr([(m.text, m.case, m.desk) for tip in (merging.merged, merging.leading) for m in merging.read_by(tip)])
    assert merging.leading.number not in shown
    for language in ("en", "hi", "ur", "bho"):
        text = Catalogues.of("satark.dialogue")[language].get("status.MERGED.text")
        assert text
        assert "{" not in text


def test_undoing_a_merging_restores_everything(merging: Merging) -> None:
    merging.do(merging.merged, "direct", to="lanka", text="look")
    merging.do(merging.leading, "direct", to="lanka", text="look")
    merging.do(merging.merged, "status", status="VERIFYING")
    before = merging.desks["sp"].open(merging.merged.number).work
    merging.do(merging.merged, "merge", to=merging.leading.number)
    assert merging.desks["sp"].open(merging.merged.number).work.finished
    merging.do(merging.leading, "status", status="ACTION")
    merging.do(merging.merged, "unmerge")
    after = merging.desks["sp"].open(merging.merged.number).work
    assert (after.status, after.merged_into, after.finished) == ("VERIFYING", "", False)
    assert (after.directions, after.owes("lanka")) == (before.directions, True)
    merging.do(merging.leading, "status", status="ACTED")
    assert merging.statuses_read_by(merging.merged) == ["VERIFYING", "MERGED", "ACTION", "VERIFYING"]


def test_undoing_a_merging_is_no_act_and_loses_neither_a_request_nor_what_the_tipster_wrote(
    merging: Merging, lanka: SeededDesk
) -> None:
    merging.desks["lanka"] = lanka.casework_of("lanka-1")
    for tip in (merging.merged, merging.leading):
        merging.do(tip, "direct", to="lanka", text="look")
    merging.do(merging.merged, "close", by="lanka", outcome="nothing_found", text="no one there")
    before = merging.desks["sp"].open(merging.merged.number).work
    merging.do(merging.merged, "merge", to=merging.leading.number)
    merging.do(merging.leading, "close", outcome="nothing_found", text="seen", reason=REASON)
    seed_message(merging.services, merging.merged, Message(sender="tipster", text="they are back"))
    merging.do(merging.merged, "unmerge")
    after = merging.desks["sp"].open(merging.merged.number).work
    assert after == msgspec.structs.replace(before, heard=True)
    assert after.awaits_closing_from() == "lanka"


def test_a_tip_that_was_taken_up_again_before_it_was_merged_stays_open_after_the_merging_is_undone(
    merging: Merging,
) -> None:
    merging.do(merging.merged, "status", status="SET_ASIDE")
    seed_message(merging.services, merging.merged, Message(sender="tipster", text="they are back"))
    merging.do(merging.merged, "merge", to=merging.leading.number)
    merging.do(merging.merged, "unmerge")
    work = merging.desks["sp"].open(merging.merged.number).work
    assert (work.status, work.set_aside, work.finished) == ("SET_ASIDE", False, False)


def test_undoing_a_merging_keeps_a_dispute(merging: Merging) -> None:
    merging.do(merging.merged, "close", outcome="nothing_found", text="seen", reason=REASON)
    merging.do(merging.merged, "merge", to=merging.leading.number)
    merging.do(merging.leading, "close", outcome="nothing_found", text="seen", reason=REASON)
    seed_message(merging.services, merging.merged, Message(sender="tipster", text="no", feedback="no"))
    merging.do(merging.merged, "unmerge", by="dig")
    work = merging.desks["sp"].open(merging.merged.number).work
    assert (work.status, work.disputed, work.merged_into, work.finished) == ("REOPENED", True, "", False)
    assert merging.statuses_read_by(merging.merged)[-1] is None


def test_a_tip_merged_into_a_merged_tip_gets_the_status_once(merging: Merging) -> None:
    third = merging.tip()
    merging.do(third, "merge", to=merging.merged.number)
    merging.do(merging.merged, "merge", to=merging.leading.number)
    found = [one.header.number for one in merged_into(merging.desks["sp"], merging.leading.number)]
    assert found == [merging.merged.number, third.number]
    merging.do(merging.leading, "status", status="ACTED")
    merging.do(merging.leading, "note", text="x")
    assert merging.statuses_read_by(third) == ["MERGED", "ACTED"]


def test_a_status_set_by_a_desk_without_the_merged_tip_follows_with_the_next_act_of_a_desk_that_has_both(
    merging: Merging, lanka: SeededDesk
) -> None:
    merging.desks["lanka"] = lanka.casework_of("lanka-1")
    merging.do(merging.merged, "merge", to=merging.leading.number)
    direct_whole(merging.desks["sp"], merging.desks["sp"].open(merging.leading.id), "lanka", "look")
    merging.do(merging.leading, "status", by="lanka", status="VERIFYING")
    assert merging.statuses_read_by(merging.merged) == ["MERGED"]
    merging.do(merging.leading, "note", by="dig", text="seen")
    assert merging.statuses_read_by(merging.merged) == ["MERGED", "VERIFYING"]
    merged = merging.desks["dig"].open(merging.merged.number)
    assert (merged.status, merged.unsigned) == ("VERIFYING", ()), "the desk that passes the status on signs it"


def test_a_tipster_who_disputes_gets_an_answer_of_their_own(merging: Merging) -> None:
    merging.do(merging.merged, "merge", to=merging.leading.number)
    merging.do(merging.leading, "close", outcome="nothing_found", text="seen", reason=REASON)
    seed_message(merging.services, merging.merged, Message(sender="tipster", text="no", feedback="no"))
    opened = merging.desks["dig"].open(merging.merged.number)
    assert (opened.status, opened.work.disputed, opened.work.finished) == ("REOPENED", True, False)
    merging.do(merging.leading, "note", by="dig", text="x")
    assert merging.statuses_read_by(merging.merged)[-1] is None
    merging.do(merging.merged, "close", by="dig", outcome="fir", text="registered", reason="acted upon")
    assert merging.desks["sp"].open(merging.merged.number).status == "CLOSED"


def test_an_urgent_tip_can_not_be_merged_into_one_of_lower_priority(merging: Merging) -> None:
    urgent = merging.tip("urgent")
    with pytest.raises(ActRefused) as refusal:
        merging.do(urgent, "merge", to=merging.leading.number)
    assert refusal.value.problem == "merge.priority"
    merging.do(merging.leading, "merge", to=urgent.number)
    with pytest.raises(ActRefused) as refusal:
        merging.do(urgent, "unmerge")
    assert refusal.value.problem == "unmerge"


def test_a_tip_that_is_set_aside_comes_back_when_its_tipster_writes(merging: Merging) -> None:
    urgent = merging.tip("urgent")
    with pytest.raises(ActRefused) as refusal:
        merging.do(urgent, "status", status="SET_ASIDE")
    assert refusal.value.problem == "aside"
    merging.do(merging.leading, "status", status="SET_ASIDE")
    work = merging.desks["sp"].open(merging.leading.number).work
    assert (work.status, work.set_aside, work.finished) == ("SET_ASIDE", True, True)
    seed_message(merging.services, merging.leading, Message(sender="tipster", text="they are back"))
    work = merging.desks["sp"].open(merging.leading.number).work
    assert (work.set_aside, work.finished) == (False, False)
    merging.do(merging.leading, "status", status="IN_REVIEW")
    assert not merging.desks["sp"].open(merging.leading.number).work.finished
