"""Figures of a desk, and the hours that its work takes."""

from __future__ import annotations

from satark.api.tip import CaseStep, Message
from satark.casework.work import PostedMessage
from satark_desk.figures import steps_of

HOUR = 3600


def step(kind: str, desk: str, at: int, to: str = "") -> PostedMessage:
    case = CaseStep(kind=kind, to=to)  # type: ignore[arg-type]
    return PostedMessage(1, Message(sender="desk", desk=desk, internal=True, case=case), "rao", at)


def test_paces_are_counted_from_the_tip_and_from_the_direction() -> None:
    thread = [step("directed", "sp", 10 * HOUR, "lanka"), step("reported", "lanka", 34 * HOUR)]
    paces = steps_of({"a": 4 * HOUR, "b": 0, "c": 0}, {"a": 5 * HOUR, "b": 3 * HOUR}, {"a": thread, "b": [], "c": []})
    assert (paces["look"].tips, paces["look"].median, paces["look"].longest) == (2, 2.0, 3.0)
    assert (paces["direction"].tips, paces["direction"].median) == (1, 6.0)
    assert (paces["report"].tips, paces["report"].longest) == (1, 24.0)


def test_a_step_that_nobody_took_has_no_pace() -> None:
    assert steps_of({"a": 0}, {}, {"a": [step("reported", "lanka", 5)]}) == {}
