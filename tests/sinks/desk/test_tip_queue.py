"""The queue's filters in addresses, and the marks and the rank of a row."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark.api.tip import Header
from satark.casework.opened_tip import TipSummary
from satark.casework.work import Work
from satark_desk.tip_queue import Filter, Row


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
    assert wanted.but(q="", mark="") == "status=NEED_INFO"
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


def test_urgent_tips_rank_above_risen_ones_and_risen_ones_above_high_priority() -> None:
    risen = frozenset({"risen"})
    rows = [row("urgent"), row("high", marks=risen), row("high"), row(), row("urgent", "CLOSED")]
    assert [one.rank for one in rows] == [3, 2, 1, 0, 0]
