"""Acts of officers by the rules: closing, approval, disputes, corrections, and texts that no tipster reads."""

from __future__ import annotations

import time
from typing import Any

import pytest

from satark.api.routing import DestinationRule
from satark.api.sealing import CantOpen, new_identity, open_as
from satark.api.tip import Message
from satark.casework import Casework
from satark.casework.clocks import Clocks
from satark.casework.desk_act import ActName, ActRefused, DeskAct, Problem
from satark.casework.desk_acts import DeskActs
from satark.roster.entries import desk_verifier
from satark.routing.desks import close_roster
from satark.services import Services
from satark.store import tables
from support.acts import respond
from support.desks import Office, SeededDesk, listed_officer
from support.tips import SeededTip, seed_message, seed_tip

pytestmark = pytest.mark.slow("a desk at work")


@pytest.fixture
def directed(services: Services, sp: SeededDesk, dig: SeededDesk, offices: dict[str, Office]) -> SeededTip:
    """A tip at the SP and the DIG that the SP directed to the station."""
    seeded = seed_tip(services, [sp.desk, dig.desk])
    offices["sp"].do(seeded, "direct", to="lanka", text="जाँच करें")
    return seeded


CLOSE: dict[str, Any] = {"outcome": "nothing_found", "text": "spot seen, nobody there"}


def test_a_station_asks_to_close_and_the_directing_desk_decides(
    directed: SeededTip, offices: dict[str, Office]
) -> None:
    sp, lanka = offices["sp"], offices["lanka"]
    assert lanka.refused(directed, "status", status="ACTED") == "released"
    lanka.do(directed, "close", **CLOSE)
    assert sp.casework.open(directed.number).status == "RECEIVED"
    assert lanka.refused(directed, "approve", reason="nothing") == "closing.none"
    sp.do(directed, "refuse", text="ask the neighbours too")
    assert lanka.casework.open(directed.number).work.owes("lanka")
    assert sp.refused(directed, "approve", reason="x") == "closing.none"
    lanka.do(directed, "close", **CLOSE)
    sp.do(directed, "approve", reason="मौके पर कुछ नहीं मिला")
    opened = sp.casework.open(directed.number)
    assert (opened.status, opened.work.outcome, opened.work.finished_by) == ("CLOSED", "nothing_found", "sp")


def test_the_tipster_reads_only_the_reason_and_never_who_did_what(
    directed: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    offices["lanka"].do(directed, "close", **CLOSE)
    offices["sp"].do(directed, "correct", priority="high", text="armed men")
    offices["sp"].do(directed, "approve", reason="मौके पर कुछ नहीं मिला")
    read = []
    for row in services.read(lambda c: c.execute(tables.message.select()).all()):
        try:
            read.append(open_as(Message, row.sealed, directed.receipt_identity))
        except CantOpen:
            continue
    (message,) = read
    assert (message.status, message.text, message.case) == ("CLOSED", "मौके पर कुछ नहीं मिला", None)
    with pytest.raises(CantOpen):
        open_as(Message, message.officer, directed.receipt_identity)


def test_every_act_shows_its_officer_and_its_time_to_the_desks(
    directed: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    offices["lanka"].desk.add_officer(listed_officer("lanka-1"))
    before = services.write_now(lambda unit: unit.now)
    Office(services, offices["lanka"].desk).do(directed, "report", text="seen")
    posted = offices["dig"].casework.open(directed.number).thread[-1]
    assert (posted.message.desk, posted.officer) == ("lanka", "lanka-1")
    assert before <= posted.at <= time.time()


def test_a_dispute_reopens_a_tip_once_and_then_only_the_desk_above_closes_it(
    services: Services, directed: SeededTip, offices: dict[str, Office]
) -> None:
    sp, dig = offices["sp"], offices["dig"]
    sp.do(directed, "close", reason="nothing", **CLOSE)
    denied = Message(sender="tipster", text="you did not look", feedback="no")
    seed_message(services, directed, denied)
    opened = dig.casework.open(directed.number)
    assert (opened.status, opened.work.disputed, opened.work.disputes) == ("REOPENED", True, 1)
    assert sp.refused(directed, "status", status="ACTED") == "finished"
    sp.do(directed, "close", **CLOSE)
    assert sp.casework.open(directed.number).status == "REOPENED"
    dig.do(directed, "approve", reason="seen again")
    assert dig.casework.open(directed.number).status == "CLOSED"
    seed_message(services, directed, denied)
    opened = dig.casework.open(directed.number)
    assert (opened.status, opened.work.disputes) == ("CLOSED", 2)


def test_a_desk_with_none_above_it_closes_a_disputed_tip_itself(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    del dig
    seeded = seed_tip(services, [sp.desk])
    office = Office(services, sp)
    office.do(seeded, "close", reason="nothing", **CLOSE)
    seed_message(services, seeded, Message(sender="tipster", text="no", feedback="no"))
    office.do(seeded, "close", reason="seen again", **CLOSE)
    assert office.casework.open(seeded.number).status == "CLOSED"


def test_a_direction_upwards_or_sideways_gives_no_desk_power_over_another(
    directed: SeededTip, offices: dict[str, Office]
) -> None:
    offices["sp"].do(directed, "direct", to="dig", text="yours")
    offices["dig"].do(directed, "close", reason="nothing", **CLOSE)
    assert offices["dig"].casework.open(directed.number).status == "CLOSED"


def test_closing_an_urgent_tip_without_action_needs_a_second_officer_or_the_desk_above(
    services: Services, sp: SeededDesk, dig: SeededDesk, offices: dict[str, Office]
) -> None:
    for name in ("sp-1", "another"):
        sp.add_officer(listed_officer(name))
    urgent = [seed_tip(services, [sp.desk, dig.desk], priority="urgent") for _ in range(2)]
    offices["sp"], second = Office(services, sp), Office(services, sp)
    second.casework = sp.casework_of("another")
    second.acts = DeskActs(services, second.casework, Clocks())
    for seeded, decider in zip(urgent, (second, offices["dig"]), strict=True):
        offices["sp"].do(seeded, "close", outcome="no_action", text="a prank", reason="nothing to do")
        assert decider.casework.open(seeded.number).status == "RECEIVED"
        assert offices["sp"].refused(seeded, "approve", reason="nothing to do") == "closing.none"
        decider.do(seeded, "approve", reason="nothing to do")
        assert decider.casework.open(seeded.number).status == "CLOSED"
    normal = seed_tip(services, [sp.desk])
    offices["sp"].do(normal, "close", outcome="no_action", text="a prank", reason="nothing to do")
    assert offices["sp"].casework.open(normal.number).status == "CLOSED"


def test_the_machine_of_a_directed_desk_asks_to_close_like_its_officers(
    services: Services, sp: SeededDesk, dig: SeededDesk, lanka: SeededDesk, offices: dict[str, Office]
) -> None:
    del lanka
    recipient, identity = new_identity()
    verifier = desk_verifier(identity)
    rule = DestinationRule(to="police_system:thana", desk="lanka", recipient=recipient, verifier=verifier)
    services.write_now(lambda unit: close_roster(unit, [rule]))
    seeded = seed_tip(services, [sp.desk, dig.desk], destination_rules=[rule])
    offices["sp"].do(seeded, "direct", to="lanka", text="look")
    machine = Casework(services, rule.to, identity, audit_desk="lanka")
    respond(machine, machine.open(seeded.number), status="ACTED", text="FIR 112/26")
    opened = offices["sp"].casework.open(seeded.number)
    assert (opened.status, opened.work.awaits_closing_from()) == ("RECEIVED", "lanka")
    assert (opened.thread[-1].message.internal, opened.thread[-1].message.text) == (True, "ACTED: FIR 112/26")
    respond(machine, machine.open(seeded.number), status="VERIFYING")
    assert offices["sp"].casework.open(seeded.number).status == "VERIFYING"
    offices["sp"].do(seeded, "approve", reason="acted upon")
    assert offices["sp"].casework.open(seeded.number).status == "CLOSED"


REFUSED: list[tuple[ActName, dict[str, Any], Problem]] = [
    ("status", {}, "status"),
    ("status", {"status": "DONE"}, "status"),
    ("status", {"status": "CLOSED", "text": "x"}, "closed"),
    ("status", {"status": "NEED_INFO", "question": True}, "ask"),
    ("status", {"status": "NEED_INFO"}, "ask"),
    ("status", {"status": "ACTED", "text": "x" * 1001}, "long"),
    ("ask", {}, "ask"),
    ("note", {}, "note"),
    ("direct", {"to": "lanka"}, "direct"),
    ("direct", {"to": "nowhere", "text": "x"}, "desk"),
    ("direct", {"to": "lanka", "text": "x", "due": 1}, "due"),
    ("direct", {"to": "lanka", "text": "x", "due": 2**40}, "due"),
    ("direct", {"to": "lanka", "text": "x", "due": None}, "due"),
    ("report", {"text": "x"}, "report.none"),
    ("close", {"outcome": "", "text": "x", "reason": "x"}, "outcome"),
    ("close", {"outcome": "fir", "reason": "x"}, "done"),
    ("close", {"outcome": "fir", "text": "x"}, "reason"),
    ("approve", {"reason": "x"}, "closing.none"),
    ("refuse", {"text": "x"}, "closing.none"),
    ("correct", {"text": "x"}, "priority"),
    ("correct", {"priority": "normal", "text": "x"}, "priority"),
    ("correct", {"category": "NONSENSE", "text": "x"}, "priority"),
    ("correct", {"priority": "urgent"}, "correct"),
    ("assign", {"to": "nobody"}, "assign"),
    ("merge", {"to": "K999-9999"}, "merge"),
]


def test_a_refused_act_names_its_problem_and_writes_nothing(
    services: Services, sp: SeededDesk, lanka: SeededDesk
) -> None:
    del lanka
    seeded = seed_tip(services, [sp.desk])
    office = Office(services, sp)
    found = [(name, fields, office.refused(seeded, name, **fields)) for name, fields, _ in REFUSED]
    assert found == REFUSED
    assert office.casework.open(seeded.number).thread == ()


def test_a_merged_tip_names_the_leading_tip_only_to_desks_that_have_both(
    services: Services, sp: SeededDesk, dig: SeededDesk, directed: SeededTip, offices: dict[str, Office]
) -> None:
    office = offices["sp"]
    other = seed_tip(services, [sp.desk, dig.desk])
    elsewhere = seed_tip(services, [sp.desk, dig.desk], excluded=("lanka",))
    assert office.refused(directed, "merge", to=other.number) == "merge.desks"
    assert office.refused(other, "merge", to=elsewhere.number) == "merge.desks"
    assert office.refused(other, "merge", to=other.number) == "merge"
    office.do(other, "merge", to=directed.number.lower(), text="same still")
    opened = office.casework.open(other.number)
    assert (opened.status, opened.work.merged_into) == ("MERGED", directed.number)
    assert office.refused(other, "direct", to="lanka", text="x") == "merged"
    assert office.refused(other, "status", status="VERIFYING") == "merged"
    office.do(other, "unmerge")
    assert office.casework.open(other.number).work.merged_into == ""


def test_the_second_of_two_acts_on_the_same_page_is_refused_even_within_a_moment(
    services: Services, sp: SeededDesk
) -> None:
    seeded, work = seed_tip(services, [sp.desk]), sp.casework
    acts, opened = DeskActs(services, work, Clocks()), [work.open(seeded.number) for _ in range(2)]
    closing = DeskAct(name="close", seen=0, outcome="false", text="nobody", reason="Nothing was found.")
    acts.perform(opened[0], closing)
    for tip in (opened[1], work.open(seeded.number)):
        with pytest.raises(ActRefused) as refusal:
            acts.perform(tip, closing)
        assert refusal.value.problem == "changed"
    now = work.open(seeded.number)
    acts.perform(now, DeskAct(name="note", seen=now.summary.newest, text="x" * 10_000))
    assert [one.message.text for one in work.open(seeded.number).thread] == [
        "nobody",
        "Nothing was found.",
        "x" * 10_000,
    ]


LINK = "Look at the photo: https://sp-varanasi.example/i/a7f3"
TEXTS_TO_TIPSTERS: dict[str, tuple[ActName, dict[str, Any]]] = {
    "a question": ("ask", {"text": LINK}),
    "a status": ("status", {"status": "IN_REVIEW", "text": "Ring me at 98765 43210"}),
    "a question with a status": ("status", {"status": "NEED_INFO", "text": "write to @sp", "question": True}),
    "a closing's reason": ("close", {"outcome": "warned", "text": "done", "reason": LINK}),
}


@pytest.mark.parametrize(("name", "fields"), TEXTS_TO_TIPSTERS.values(), ids=TEXTS_TO_TIPSTERS)
def test_no_officer_sends_a_tipster_what_they_could_open_call_or_write_to(
    name: ActName, fields: dict[str, Any], services: Services, sp: SeededDesk, offices: dict[str, Office]
) -> None:
    seeded = seed_tip(services, [sp.desk])
    assert offices["sp"].refused(seeded, name, **fields) == "contact"
    assert offices["sp"].casework.open(seeded.number).thread == ()
    allowed = {**fields, "text": "Call 112. FIR 0123/2025, BNS 111, 112.", "reason": "Call 112."}
    offices["sp"].do(seeded, name, **allowed)


def test_a_second_officer_approves_no_closing_whose_reason_leads_the_tipster_elsewhere(
    directed: SeededTip, offices: dict[str, Office]
) -> None:
    offices["lanka"].do(directed, "close", **CLOSE)
    assert offices["sp"].refused(directed, "approve", reason=LINK) == "contact"
    offices["sp"].do(directed, "approve", reason="Nobody was there.")


def test_desks_write_numbers_and_addresses_to_each_other(services: Services, offices: dict[str, Office]) -> None:
    seeded = seed_tip(services, [offices["sp"].desk.desk])
    offices["sp"].do(seeded, "note", text=LINK)
    assert offices["sp"].casework.open(seeded.number).thread[0].message.text == LINK


def test_no_program_of_a_desk_posts_a_tipster_an_address_whatever_page_or_system_it_came_from(
    services: Services, offices: dict[str, Office]
) -> None:
    seeded = seed_tip(services, [offices["sp"].desk.desk])
    work = offices["sp"].casework
    opened, message = work.open(seeded.number), Message(sender="desk", desk="sp", text=LINK)
    with pytest.raises(ActRefused, match="contact"):
        services.write_now(lambda unit: work.post(unit, opened, message))
    assert work.open(seeded.number).thread == ()
