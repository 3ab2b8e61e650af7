"""The queue's filters in addresses, and the marks and the rank of a row."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.tip import CaseStep, Envelope, Header, Message
from satark.casework.clocks import Clocks, Offices
from satark.casework.opened_tip import TipSummary, summarize
from satark.casework.work import PostedMessage, Work
from satark_desk.queue_index import first_of_place
from satark_desk.queue_rows import PRESSING, WORK, Filter, Row, RowBuilder
from support.acts import NO_ACTS


def row(priority: str = "normal", status: str = "RECEIVED", **fields: Any) -> Row:
    header = Header(
        number="K4Q7-2XPM",
        revision=1,
        language="en",
        category="ARMS",
        received="",
        priority=priority,  # type: ignore[arg-type]
    )
    summary = TipSummary(
        id="1",
        header=header,
        status=status,  # type: ignore[arg-type]
        newest=0,
        awaits_reply=False,
        last_heard="",
        work=Work(status=status),  # type: ignore[arg-type]
    )
    shown = Row(summary=summary, days=0, overdue=False, new=False, updated=False, delivered="")
    return msgspec.structs.replace(shown, **fields)


def test_a_filter_is_read_from_the_address_that_was_made_from_it() -> None:
    wanted = Filter(status="NEED_INFO", mark="mine", q="शराब & <b>")
    assert Filter.read(dict(pair.split("=") for pair in ["status=NEED_INFO", "mark=mine"])).mark == "mine"
    assert msgspec.structs.replace(wanted, q="", mark="").query == "status=NEED_INFO"
    assert Filter.read({"q": "x" * 1000, "junk": "y"}) == Filter(q="x" * 200)
    assert Filter().query == ""


@pytest.mark.parametrize(
    ("shown", "marks"),
    [
        (row(), {"open"}),
        (row("high"), {"open", "urgent"}),
        (row("urgent", new=True, mine=True), {"open", "urgent", "new", "mine"}),
        (row(updated=True, overdue=True), {"open", "new", "overdue"}),
        (row("urgent", "CLOSED", mine=True), set()),
        (row(marks=frozenset({"risen", "late"})), {"open", "risen"}),
    ],
)
def test_a_finished_tip_is_not_marked_as_open_or_urgent_or_mine(shown: Row, marks: set[str]) -> None:
    every = ("new", "urgent", "risen", "closing", "owed", "disputed", "overdue", "mine", "open", "late", "junk")
    assert {mark for mark in every if shown.has(mark)} == marks


NOW = 1_795_521_600 + 100 * 3600
"""A hundred hours after the end of the band in which the tips came: a tip of normal priority is not overdue by age."""
OFFICES = Offices(above={"lanka": ["sp", "dig"], "sp": ["dig"], "dig": []}, first=["sp"])


def said(desk: str = "sp", kind: str = "", hours: float = 0, **fields: Any) -> PostedMessage:
    """A message in a tip's thread, some hours before now; `hours` to come for what a step makes due."""
    if desk == "tipster":
        return PostedMessage(1, Message(sender="tipster", text="and more", **fields))
    step = CaseStep(kind=kind, due=int(NOW + hours * 3600), **fields) if kind else None  # type: ignore[arg-type]
    told = {"internal": True, "case": step} if kind else fields
    return PostedMessage(1, Message(sender="desk", desk=desk, **told), "asha", NOW - 60)


def ask_closing() -> PostedMessage:
    return said("lanka", "asked_to_close", outcome="fir")


TO_LANKA: dict[str, Any] = {"kind": "directed", "to": "lanka"}
MERGED = [said(kind="merged", to="K4Q7-2XPM"), said(status="MERGED")]
THREADS: dict[str, tuple[list[PostedMessage], str]] = {
    "nobody acted": ([], "now waiting"),
    "seen, which is no act": ([said(text="seen")], "now waiting"),
    "in review": ([said(status="IN_REVIEW")], "owed waiting"),
    "the tipster wrote": ([said(status="IN_REVIEW"), said("tipster")], "now waiting"),
    "asked the tipster": ([said(status="NEED_INFO", question=True)], "waiting waiting"),
    "a report is owed": ([said(hours=9, **TO_LANKA)], "waiting waiting owed"),
    "a report is late": ([said(hours=-9, **TO_LANKA)], "now now now"),
    "reported": ([said(hours=9, **TO_LANKA), said("lanka", "reported")], "owed waiting waiting"),
    "closing asked": ([said(hours=9, **TO_LANKA), ask_closing()], "decide waiting waiting"),
    "closed": ([said(kind="closed", outcome="fir"), said(status="CLOSED")], "done done"),
    "set aside": ([said(status="SET_ASIDE")], "done done"),
    "merged": (MERGED, "merged merged"),
    "disputed": ([said(status="CLOSED"), said("tipster", feedback="no")], "waiting decide"),
    "own words asked for": ([said(status="IN_REVIEW"), said(kind="asked_raw", to="lanka")], "decide waiting"),
}
"""The events of a tip → its thread, and its section at the SP, the DIG, and the station if it has a release."""


def shown_at(desk: str, thread: list[PostedMessage], priority: str = "normal", days: int = 2, arrived: int = 0) -> Row:
    received = "2026-11-27T18/PT6H" if priority == "normal" else "2026-11-28T12/PT6H"
    header = row(priority).summary.header
    header = msgspec.structs.replace(header, received=received)
    envelope = Envelope(tip="1", desk=desk, identity="", header=header, arrived=arrived)
    holders = () if desk == "lanka" else ("sp", "dig")
    thread = [msgspec.structs.replace(one, seq=n) for n, one in enumerate(thread, 1)]
    builder = RowBuilder(
        desk=desk, officer="asha", unseen=frozenset(), updated=frozenset(), queue_entries={}, offices=OFFICES,
        clocks=Clocks(), now=NOW, overdue_days=3, age=lambda _: days,
    )  # fmt: skip
    return builder.row(summarize("1", envelope, thread, holders))


@pytest.mark.parametrize("happened", THREADS)
def test_a_tip_is_in_the_section_of_the_desks_next_act(happened: str) -> None:
    thread, sections = THREADS[happened]
    desks = ("sp", "dig", "lanka")[: len(sections.split())]
    assert " ".join(shown_at(desk, thread).section for desk in desks) == sections


@pytest.mark.parametrize("desk", ["sp", "dig", "lanka"])
def test_an_overdue_tip_is_never_below_a_tip_that_is_not_due_and_a_finished_tip_in_no_section_of_work(
    desk: str,
) -> None:
    kinds = [(priority, days) for priority in ("urgent", "high", "normal") for days in (2, 9)]
    rows = [shown_at(desk, thread, *kind) for thread, _ in THREADS.values() for kind in kinds]
    listed = sorted(rows, key=lambda one: first_of_place(one)[:3], reverse=True)
    due = [one.rank > 0 for one in listed]
    assert due == sorted(due, reverse=True)
    assert any(due)
    assert not all(due)
    assert {one.section in WORK for one in rows if one.summary.finished} == {False}
    assert {one.section in WORK for one in rows if not one.summary.finished} == {True}
    times = [one.act_by for one in listed if one.section == "waiting" and one.act_by]
    assert times == sorted(times)


def test_an_urgent_tip_without_an_act_is_above_all_and_returns_when_its_tipster_writes() -> None:
    acted = [said(status="IN_REVIEW")]
    assert [shown_at("sp", thread, "urgent").rank for thread in ([], acted, [*acted, said("tipster")])] == [2, 0, 2]


NOTHING_DONE = [
    said(text="seen", internal=True),
    said(text="seen", internal=True, private=True),
    said(text="where?", question=True, status="NEED_INFO"),
    said(text="where?", question=True),
    said(text="a transcript", internal=True, transcript="1"),
    *(said(desk, kind, to="sp") for kind in sorted(NO_ACTS) for desk in ("sp", "dig", "lanka")),
    said("tipster", answers=3),
    said("tipster", feedback="words"),
]


@pytest.mark.slow("a desk's whole work")
@given(happened=st.lists(st.sampled_from(NOTHING_DONE), max_size=8), merges=st.booleans())
def test_nothing_but_a_direction_a_status_or_an_outcome_moves_an_urgent_tip_out_of_act_now(
    *, happened: list[PostedMessage], merges: bool
) -> None:
    undone = [*MERGED, said(status="RECEIVED"), said(kind="unmerged", to="K4Q7-2XPM")] if merges else []
    arrived = NOW - 1800
    for desk in ("sp", "dig"):
        shown = shown_at(desk, [*happened, *undone, *happened], "urgent", arrived=arrived)
        assert (shown.section, shown.rank, shown.act_by) == ("now", PRESSING, arrived + 3600)
    acted = shown_at("sp", [*happened, said(status="ACTION")], "urgent", arrived=arrived)
    assert acted.section != "now"
    assert acted.act_by > arrived + 3600


def test_an_urgent_tip_that_waits_for_its_tipster_comes_back_with_the_answer() -> None:
    asked = [said(status="ACTION"), said(text="where?", question=True, status="NEED_INFO")]
    waiting, answered = (shown_at("sp", [*asked, *more], "urgent", 0) for more in ([], [said("tipster", answers=2)]))
    assert (waiting.section, waiting.rank) == ("waiting", 0)
    assert (answered.section, answered.rank, answered.summary.awaits_reply) == ("now", PRESSING, False)
    assert answered.act_by == waiting.act_by
