"""Clocks of the work: what runs out, and to which desks that rises."""

from __future__ import annotations

import pytest

from satark.casework.clocks import Clocks, Offices, marks_for
from satark.casework.posted_message import PostedMessage
from satark.casework.work import work_on
from satark.tip import CaseStep, Header, Message

OFFICES = Offices(above={"lanka": ["sp", "dig"], "sp": ["dig"], "dig": []}, first=["sp"])
CLOCKS = Clocks()
BAND_END = 1795521600
"""2026-11-24T12:00:00Z, the end of the band in which the tip came."""
HOUR = 3600


def header(priority: str = "normal") -> Header:
    received = "2026-11-24T06/PT6H"
    return Header(number="4K7Q-2XPM", revision=1, category="ARMS", language="hi", received=received, priority=priority)  # type: ignore[arg-type]


def marks(now: int, *messages: Message, priority: str = "normal") -> dict[str, set[str]]:
    work = work_on([PostedMessage(n, message) for n, message in enumerate(messages, 1)])
    breaches = CLOCKS.breaches(header(priority), work, now)
    return {desk: set(marks_for(desk, work, breaches, OFFICES)) for desk in OFFICES.above}


@pytest.mark.parametrize(("priority", "hours"), [("urgent", 1), ("high", 12), ("normal", 72)])
def test_a_tip_that_no_desk_touches_rises_to_the_range_after_the_hours_of_its_priority(
    priority: str, hours: int
) -> None:
    before, after = (marks(BAND_END + hours * HOUR + late, priority=priority) for late in (-1, 1))
    assert before == {"lanka": set(), "sp": set(), "dig": set()}
    assert (after["sp"], after["dig"]) == ({"late"}, {"late", "risen"})


def test_a_report_that_does_not_come_rises_above_the_desk_that_directed_and_both_see_it() -> None:
    directed = Message(
        sender="desk", desk="sp", internal=True, case=CaseStep(kind="directed", to="lanka", due=BAND_END)
    )
    assert marks(BAND_END - 1, directed)["dig"] == set()
    late = marks(BAND_END + 1, directed)
    assert late == {"lanka": {"owed", "late"}, "sp": {"late"}, "dig": {"late", "risen"}}
    reported = Message(sender="desk", desk="lanka", internal=True, case=CaseStep(kind="reported"))
    assert marks(BAND_END + 1, directed, reported) == {"lanka": set(), "sp": set(), "dig": set()}


def test_a_disputed_closing_goes_to_the_desk_above_alone_for_decision() -> None:
    closed = Message(sender="desk", desk="sp", status="CLOSED", text="nothing")
    denied = Message(sender="tipster", text="no", feedback="no")
    asked = Message(sender="desk", desk="sp", internal=True, case=CaseStep(kind="asked_to_close", outcome="false"))
    assert marks(BAND_END, closed, denied) == {"lanka": {"disputed"}, "sp": {"disputed"}, "dig": {"disputed", "risen"}}
    assert marks(BAND_END, closed, denied, asked)["dig"] == {"disputed", "risen", "closing"}
    assert "closing" not in marks(BAND_END, closed, denied, asked)["sp"]


def test_a_finished_tip_has_no_clock() -> None:
    directed = Message(
        sender="desk", desk="sp", internal=True, case=CaseStep(kind="directed", to="lanka", due=BAND_END)
    )
    closed = Message(sender="desk", desk="sp", status="CLOSED", text="done")
    assert marks(BAND_END + 999 * HOUR, directed, closed) == {"lanka": set(), "sp": set(), "dig": set()}
