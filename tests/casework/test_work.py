"""The work on a tip, computed from its thread: status, disputes, corrections."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from satark.api.tip import CaseStep, Feedback, Header, Message, Status
from satark.casework.work import PostedMessage, corrected, work_on
from satark.dialogue.tip_status import present_status


def thread(*messages: Message) -> list[PostedMessage]:
    return [PostedMessage(seq, message) for seq, message in enumerate(messages, 1)]


def status(code: Status) -> Message:
    return Message(sender="desk", desk="sp", status=code)


def feedback(answer: Feedback) -> Message:
    return Message(sender="tipster", text="…", feedback=answer)


def step(desk: str, case: CaseStep) -> Message:
    return Message(sender="desk", desk=desk, internal=True, case=case)


@pytest.mark.parametrize(
    ("messages", "becomes"),
    [
        ([status("CLOSED"), feedback("no")], "REOPENED"),
        ([status("CLOSED"), feedback("again")], "REOPENED"),
        ([status("CLOSED"), feedback("words")], "REOPENED"),
        ([status("ACTED"), feedback("no")], "REOPENED"),
        ([status("ACTED"), feedback("words")], "ACTED"),
        ([status("CLOSED"), feedback("yes")], "CLOSED"),
        ([status("CLOSED"), feedback("")], "CLOSED"),
        ([status("UNCONFIRMED"), feedback("no")], "UNCONFIRMED"),
        ([feedback("no")], "RECEIVED"),
        ([status("CLOSED"), feedback("no"), status("CLOSED"), feedback("no")], "CLOSED"),
        ([status("CLOSED"), feedback("no"), status("VERIFYING")], "VERIFYING"),
    ],
)
def test_the_first_dispute_reopens_a_tip_by_itself(messages: Sequence[Message], becomes: Status) -> None:
    assert present_status(messages) == becomes
    assert work_on(thread(*messages)).status == becomes


def test_every_dispute_counts_and_only_the_first_reopens_the_tip() -> None:
    work = work_on(thread(status("CLOSED"), feedback("no"), status("CLOSED"), feedback("again")))
    assert (work.disputes, work.disputed, work.finished) == (2, False, True)


def test_a_tipster_can_not_set_a_status_or_a_step_of_the_case() -> None:
    forged = Message(
        sender="tipster", status="CLOSED", internal=True, case=CaseStep(kind="corrected", priority="normal")
    )
    work = work_on(thread(forged))
    assert (work.status, work.acted) == ("RECEIVED", False)
    header = Header(number="4K7Q-2XPM", revision=1, category="ARMS", language="hi", received="", priority="high")
    assert corrected(header, thread(forged)).priority == "high"


def test_a_danger_told_after_a_correction_makes_the_tip_urgent_again() -> None:
    header = Header(number="4K7Q-2XPM", revision=1, category="ARMS", language="hi", received="", priority="urgent")
    lower = step("sp", CaseStep(kind="corrected", priority="normal", category="INTOX"))
    now = corrected(header, thread(lower))
    assert (now.priority, now.category) == ("normal", "INTOX")
    danger = Message(sender="tipster", text="…", flags=("danger:life",))
    assert corrected(header, thread(lower, danger)).priority == "urgent"


def test_a_desk_owes_nothing_after_its_report_and_owes_a_report_again_after_a_refused_closing() -> None:
    directed = step("sp", CaseStep(kind="directed", to="lanka", due=1000))
    asked = step("lanka", CaseStep(kind="asked_to_close", outcome="nothing_found"))
    refused = step("sp", CaseStep(kind="refused_to_close", due=2000))
    work = work_on(thread(directed))
    assert (work.owes("lanka"), work.director_of("lanka"), work.owes("sp")) == (True, "sp", False)
    work = work_on(thread(directed, asked))
    assert (work.owes("lanka"), work.awaits_closing_from(), work.asked_outcome) == (False, "lanka", "nothing_found")
    work = work_on(thread(directed, asked, refused))
    assert (work.owes("lanka"), work.awaits_closing_from()) == (True, "")
    assert work.directions["lanka"].due == 2000


def test_the_newest_report_that_gives_a_number_of_arrests_or_seizures_counts() -> None:
    first = step("lanka", CaseStep(kind="reported", counts={"arrests": 1, "seizures": 3}))
    second = step("sp", CaseStep(kind="closed", counts={"arrests": 2}))
    assert work_on(thread(first, second)).counts == {"arrests": 2, "seizures": 3}
    assert work_on(thread(step("sp", CaseStep(kind="reported")))).counts == {}
