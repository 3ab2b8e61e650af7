"""The desks' rules apply between host and office: an office asks to close a tip, and the host's desk decides."""

from __future__ import annotations

from typing import Any

import pytest

from satark.api.tip import Message
from satark.casework import Casework, NoSuchTip
from satark.casework.clocks import Clocks
from satark.casework.desk_act import ActRefused, DeskAct
from satark.casework.desk_acts import DeskActs
from satark.casework.work import Work
from support.tips import seed_message


@pytest.mark.slow("a third of a second of a processor")
async def test_an_office_asks_to_close_and_the_desk_that_directed_at_the_host_decides(link: Any) -> None:
    seeded = link.seed_tip()
    host = DeskActs(link.host, link.casework_at_host, Clocks())
    host.perform(link.casework_at_host.open(seeded.number), DeskAct(name="direct", to="sp", text="look"))
    await link.exchange_all()
    office, work = DeskActs(link.office, link.casework, Clocks()), link.casework
    assert work.open(seeded.number).work.owes("sp")
    with pytest.raises(ActRefused, match="finished"):
        office.perform(work.open(seeded.number), DeskAct(name="status", status="ACTED"))
    office.perform(work.open(seeded.number), DeskAct(name="close", outcome="seizure", text="20 litres"))
    await link.exchange_all()
    at_host: Work = link.casework_at_host.open(seeded.number).work
    assert (at_host.awaits_closing_from(), at_host.asked_outcome) == ("sp", "seizure")
    host.perform(link.casework_at_host.open(seeded.number), DeskAct(name="approve", reason="acted upon"))
    await link.exchange_all()
    assert work.open(seeded.number).status == "CLOSED"
    seed_message(link.host, seeded, Message(sender="tipster", text="no", feedback="no"))
    await link.exchange_all()
    disputed: Work = work.open(seeded.number).work
    assert (disputed.status, disputed.disputed, disputed.finished_by) == ("REOPENED", True, "dig")


@pytest.mark.slow("a host and its offices")
async def test_an_office_closes_a_tip_with_two_answers_in_their_order(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    office = DeskActs(link.office, link.casework, Clocks())
    closing = DeskAct(name="close", outcome="seizure", text="20 litres", reason="acted upon")
    office.perform(link.casework.open(seeded.number), closing)
    assert link.casework.open(seeded.number).status == "CLOSED"
    await link.exchange_all()
    await link.exchange_all()
    opened = link.casework_at_host.open(seeded.number)
    assert (opened.status, opened.work.outcome, len(opened.thread)) == ("CLOSED", "seizure", 2)


@pytest.mark.slow("a host and its offices")
async def test_the_host_is_told_when_an_office_has_nobody_left_who_may_have_a_tip(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    asha = Casework(link.office, "sp", link.sp_identity, officer="asha")
    DeskActs(link.office, asha, Clocks()).perform(asha.open(seeded.number), DeskAct(name="recuse"))
    with pytest.raises(NoSuchTip):
        asha.open(seeded.number)
    await link.exchange_all()
    at_host = link.casework_at_host.open(seeded.number)
    assert (at_host.work.unattended, at_host.work.recused) == (frozenset({"sp"}), {})
    with pytest.raises(NoSuchTip):
        asha.open(seeded.number)
    assert link.casework.open(seeded.number).work.is_recused("sp", "asha")
