"""Clocks of the work: which clocks run out, and which desks are told."""

from __future__ import annotations

from datetime import datetime
from math import inf
from typing import get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.tip import STATUSES, CaseStep, Header, Message, Priority, RetentionStep, Status
from satark.casework.clocks import SUNDAY, Clocks, Offices, WorkingTime
from satark.casework.work import PostedMessage, Work, corrected, work_on
from support.acts import NO_ACTS

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
    return {desk: set(OFFICES.marks(desk, work, breaches)) for desk in OFFICES.above}


def step(case: CaseStep, desk: str = "sp") -> Message:
    return Message(sender="desk", desk=desk, internal=True, case=case)


@pytest.mark.parametrize(("priority", "hours"), [("urgent", 1), ("high", 12), ("normal", 72)])
def test_a_tip_that_no_desk_acts_on_rises_to_the_range_after_the_hours_of_its_priority(
    priority: str, hours: int
) -> None:
    before, after = (marks(BAND_END + hours * HOUR + late, priority=priority) for late in (-1, 1))
    assert before == {"lanka": set(), "sp": set(), "dig": set()}
    assert (after["sp"], after["dig"]) == ({"late"}, {"late", "risen"})


@pytest.mark.parametrize(
    ("written", "stops"),
    [
        (Message(sender="desk", desk="sp", text="seen", internal=True, private=True), False),
        (Message(sender="desk", desk="sp", text="seen", internal=True), False),
        (Message(sender="desk", desk="sp", text="where?", question=True), False),
        (Message(sender="desk", desk="sp", status="NEED_INFO", text="where?", question=True), False),
        (step(CaseStep(kind="assigned", to="asha")), False),
        (step(CaseStep(kind="withdrawn", to="lanka")), False),
        (step(CaseStep(kind="corrected", priority="urgent")), False),
        (step(CaseStep(kind="directed", to="lanka", due=BAND_END + 99 * HOUR)), True),
        (step(CaseStep(kind="reported")), True),
        (step(CaseStep(kind="asked_to_close", outcome="false")), True),
        (Message(sender="desk", desk="sp", status="VERIFYING"), True),
    ],
)
def test_only_a_direction_a_report_a_status_or_an_outcome_stops_the_first_clock(
    written: Message,
    stops: bool,  # noqa: FBT001 - pytest's
) -> None:
    assert ("risen" in marks(BAND_END + 2 * HOUR, written, priority="urgent")["dig"]) is not stops


ARRIVED = BAND_END - 5 * HOUR
"""An hour after the beginning of the band."""


def test_the_first_act_on_an_urgent_tip_is_due_an_hour_after_the_minute_in_which_it_came() -> None:
    work = work_on([], ARRIVED)
    assert CLOCKS.due(header("urgent"), work) == ARRIVED + HOUR
    late = [CLOCKS.breaches(header("urgent"), work, ARRIVED + HOUR + by) for by in (0, 1)]
    assert [[one.kind for one in found] for found in late] == [[], ["first_act"]]
    seen = PostedMessage(1, Message(sender="desk", desk="sp", text="seen", internal=True), "asha", ARRIVED)
    assert CLOCKS.due(header("urgent"), work_on([seen], ARRIVED)) == ARRIVED + HOUR
    acted = PostedMessage(1, Message(sender="desk", desk="sp", status="VERIFYING"), "asha", ARRIVED + 60)
    assert CLOCKS.due(header("urgent"), work_on([acted], ARRIVED)) == ARRIVED + 60 + 6 * HOUR


@pytest.mark.parametrize("status", ["VERIFYING", "CLOSED", "MERGED", "SET_ASIDE"])
def test_a_danger_told_after_an_act_restarts_the_first_clock_whatever_the_status(status: Status) -> None:
    told = ARRIVED + 30 * HOUR
    acted = PostedMessage(1, Message(sender="desk", desk="sp", status=status), "asha", ARRIVED + 60)
    cry = PostedMessage(2, Message(sender="tipster", text="on the roof", flags=("danger:life",)), danger_at=told)
    again = PostedMessage(3, Message(sender="tipster", text="now", flags=("danger:life",)), danger_at=told + 60)
    work = work_on([acted, cry, again], ARRIVED)
    assert (work.finished, CLOCKS.due(header("urgent"), work)) == (False, told + HOUR)
    assert [one.due for one in CLOCKS.breaches(header("urgent"), work, told + HOUR + 1)] == [told + HOUR]
    answered = PostedMessage(4, Message(sender="desk", desk="sp", status="ACTED"), "asha", told + 120)
    assert work_on([acted, cry, again, answered], ARRIVED).finished


def test_after_an_act_without_a_report_the_next_clock_rises_above_the_desk_that_must_act() -> None:
    def late(hours: int, *messages: Message) -> tuple[set[str], set[str]]:
        posted = [PostedMessage(n, message, at=BAND_END) for n, message in enumerate(messages, 1)]
        work = work_on(posted)
        breaches = CLOCKS.breaches(header("urgent"), work, BAND_END + hours * HOUR + 1)
        return {one.desk for one in breaches}, {
            desk for desk in OFFICES.above if "risen" in OFFICES.marks(desk, work, breaches)
        }

    verifying = Message(sender="desk", desk="sp", status="VERIFYING")
    directed = step(CaseStep(kind="directed", to="lanka", due=BAND_END + 99 * HOUR))
    reported = step(CaseStep(kind="reported"), desk="lanka")
    asked = step(CaseStep(kind="asked_to_close", outcome="false"), desk="lanka")
    assert late(5, verifying) == (set(), set())
    assert late(6, verifying) == ({"sp"}, {"dig"})
    assert late(6, verifying, directed) == (set(), set())
    assert late(6, directed, reported) == ({"sp"}, {"dig"})
    assert late(5, directed, asked) == (set(), set())
    assert late(6, directed, asked) == ({"sp"}, {"dig"}), "who decides on a closing has a clock too"


def test_a_late_report_rises_above_the_desk_that_directed_and_shows_at_every_desk_involved() -> None:
    directed = Message(
        sender="desk", desk="sp", internal=True, case=CaseStep(kind="directed", to="lanka", due=BAND_END)
    )
    assert marks(BAND_END - 1, directed)["dig"] == set()
    late = marks(BAND_END + 1, directed)
    assert late == {"lanka": {"owed", "late"}, "sp": {"late"}, "dig": {"late", "risen"}}
    reported = Message(sender="desk", desk="lanka", internal=True, case=CaseStep(kind="reported"))
    assert marks(BAND_END + 1, directed, reported) == {"lanka": set(), "sp": set(), "dig": set()}


def test_only_the_desk_above_decides_on_a_disputed_closing() -> None:
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


def test_a_tip_that_an_officer_calls_urgent_has_its_first_clock_from_then_on() -> None:
    now = BAND_END + 50 * HOUR
    seen = PostedMessage(1, Message(sender="desk", desk="sp", status="VERIFYING"), "asha", BAND_END)
    urgent = PostedMessage(2, step(CaseStep(kind="corrected", priority="urgent")), "asha", now)
    for thread in ([urgent], [seen, urgent]):
        assert CLOCKS.due(corrected(header(), thread), work_on(thread)) == now + HOUR
    assert CLOCKS.due(header("urgent"), work_on([urgent], ARRIVED)) == ARRIVED + HOUR, "once more urgent is no later"
    closed = PostedMessage(1, Message(sender="desk", desk="sp", status="CLOSED"), "asha", BAND_END)
    assert work_on([closed, urgent]).finished


DESKS = st.sampled_from(["lanka", "sp", "dig"])
STEPS = st.builds(
    CaseStep,
    kind=st.sampled_from(get_args(get_type_hints(CaseStep)["kind"])),
    to=DESKS,
    due=st.sampled_from([0, BAND_END + 9 * HOUR, BAND_END + 99 * HOUR]),
    priority=st.sampled_from(["", "urgent"]),
)
TRUE = st.sampled_from([True])
WRITTEN = st.one_of(
    st.builds(step, STEPS, desk=DESKS),
    st.builds(Message, sender=st.just("desk"), desk=DESKS, status=st.sampled_from(STATUSES)),
    st.builds(Message, sender=st.just("desk"), desk=DESKS, text=st.just("seen"), internal=TRUE),
    st.builds(Message, sender=st.just("desk"), desk=DESKS, text=st.just("where?"), question=TRUE),
    st.builds(Message, sender=st.just("tipster"), text=st.just("?"), feedback=st.sampled_from(["", "no", "again"])),
    st.builds(Message, sender=st.just("tipster"), text=st.just("now"), flags=st.just(("danger:life",))),
)


@pytest.mark.slow("a desk's whole work")
@given(st.lists(st.tuples(WRITTEN, st.integers(0, 30)), max_size=12), st.sampled_from([0, ARRIVED]))
def test_an_urgent_tip_has_a_running_clock_until_it_is_finished(
    written: list[tuple[Message, int]], arrived: int
) -> None:
    now, thread = BAND_END, list[PostedMessage]()
    for seq, (message, hours) in enumerate(written, 1):
        now += hours * HOUR
        danger = now if message.flags else 0
        officer, at = ("", 0) if message.sender == "tipster" else ("asha", now)
        thread.append(PostedMessage(seq, message, officer, at, danger_at=danger))
        tip, work = corrected(header("urgent"), thread), work_on(thread, arrived)
        due = CLOCKS.due(tip, work)
        assert bool(due) is not work.finished
        late = CLOCKS.breaches(tip, work, due + 1)
        assert bool(late) is not work.finished
        assert work.finished or any("late" in OFFICES.marks(desk, work, late) for desk in OFFICES.above)


OF_DESK = {"sender": st.just("desk"), "desk": DESKS, "text": st.just("x")}
NO_ACT = st.one_of(
    st.builds(Message, **OF_DESK, internal=TRUE, private=st.booleans()),
    st.builds(Message, **OF_DESK, internal=TRUE, transcript=st.just("1")),
    st.builds(Message, **OF_DESK, internal=TRUE, retention=st.sampled_from(get_args(RetentionStep))),
    st.builds(Message, **OF_DESK, question=TRUE, status=st.sampled_from([None, "RECEIVED", "NEED_INFO"])),
    st.builds(step, st.builds(CaseStep, kind=st.sampled_from(sorted(NO_ACTS - {"withdrawn"})), to=DESKS), desk=DESKS),
    st.builds(Message, sender=st.just("tipster"), text=st.just("after ten"), answers=st.integers(0, 3)),
)
"""Every message that stops no clock; what withdraws a direction also withdraws the time that the direction gave."""


@pytest.mark.slow("a desk's whole work")
@given(st.lists(st.tuples(WRITTEN, st.integers(0, 30)), max_size=6), st.lists(NO_ACT, max_size=6))
def test_no_question_note_or_answer_puts_off_what_is_due_on_an_urgent_tip(
    written: list[tuple[Message, int]], no_acts: list[Message]
) -> None:
    now, thread = BAND_END, list[PostedMessage]()

    def due_after(message: Message, hours: int) -> float:
        nonlocal now
        now += hours * HOUR
        officer, at = ("", 0) if message.sender == "tipster" else ("asha", now)
        danger = now if message.flags else 0
        thread.append(PostedMessage(len(thread) + 1, message, officer, at, danger_at=danger))
        return CLOCKS.due(header("urgent"), work_on(thread, ARRIVED)) or inf

    due = [due_after(message, hours) for message, hours in written]
    for message in no_acts:
        due.append(due_after(message, 1))
        assert due[-1] <= due[-2] if len(due) > 1 else due[-1] == ARRIVED + HOUR


@pytest.mark.parametrize("before", ["RECEIVED", "NEED_INFO", "ACTION"])
def test_a_merge_that_is_undone_leaves_the_clock_of_an_urgent_tip_as_it_was(before: Status) -> None:
    def due(*messages: Message) -> int:
        posted = [
            PostedMessage(n, one, at=ARRIVED + n * HOUR, danger_at=ARRIVED + n * HOUR if one.flags else 0)
            for n, one in enumerate(messages, 1)
        ]
        return CLOCKS.due(header("urgent"), work_on(posted, ARRIVED))

    def says(status: Status) -> Message:
        return Message(sender="desk", desk="sp", status=status)

    merged = [says(before), step(CaseStep(kind="merged", to="K4Q7-2XPM")), says("MERGED"), says("ACTION")]
    undone = [says(before), step(CaseStep(kind="unmerged", to="K4Q7-2XPM"))]
    cry = Message(sender="tipster", text="now", flags=("danger:life",))
    assert due(*merged) == 0
    assert due(*merged, *undone) == due(says(before))
    assert due(*merged, cry, *undone) == (ARRIVED + (5 if before == "ACTION" else 0) * HOUR) + HOUR
    assert due(*merged, *undone, says("VERIFYING")) == ARRIVED + 7 * HOUR + 6 * HOUR


OFFICE = WorkingTime(weekdays=frozenset(range(SUNDAY)), begins=10 * HOUR, ends=18 * HOUR)
"""Monday to Saturday, ten to six, in India."""
SATURDAY_NIGHT = "2026-11-28T12/PT6H"
"""Saturday, 23:30 in India."""


def at(moment: str) -> int:
    return int(datetime.fromisoformat(f"{moment}+05:30").timestamp())


@pytest.mark.parametrize(
    ("priority", "first_act", "report"),
    [
        ("urgent", "2026-11-29T00:30", "2026-11-29T05:30"),
        ("high", "2026-11-29T11:30", "2026-11-29T23:30"),
        ("normal", "2026-12-02T18:00", "2026-12-05T18:00"),
    ],
)
def test_only_tips_of_normal_priority_wait_for_working_hours(priority: Priority, first_act: str, report: str) -> None:
    hours: dict[Priority, float] = {"urgent": 1, "high": 12, "normal": 24}
    owed: dict[Priority, float] = {"urgent": 6, "high": 24, "normal": 48}
    clocks = Clocks(first_act_hours=hours, report_hours=owed, working=OFFICE)
    tip = msgspec.structs.replace(header(priority), received=SATURDAY_NIGHT)
    assert clocks.first_act_due(tip, Work()) == at(first_act)
    assert clocks.report_due(priority, at("2026-11-28T23:30")) == at(report)


def test_no_report_is_due_later_than_the_latest_time_for_directions() -> None:
    clocks = Clocks(report_hours={"normal": 2160}, working=OFFICE, longest_days=90)
    assert clocks.report_due("normal", 0) == 90 * 24 * HOUR


@pytest.mark.parametrize(("priority", "days"), [("urgent", 1), ("high", 1), ("normal", 2)])
def test_a_tip_of_saturday_is_one_day_old_on_monday_if_sunday_does_not_count(priority: str, days: int) -> None:
    tip = msgspec.structs.replace(header(priority), received=SATURDAY_NIGHT)
    assert Clocks(working=OFFICE).open_days(tip, 1) == days
    assert Clocks().open_days(tip, 1) == 1
