"""What an officer wants to do with a tip, and why it may be refused."""

from __future__ import annotations

from typing import get_args

from satark.casework.act_names import ActRefused, DeskAct, Problem


def test_every_refusal_says_why_and_what_to_do() -> None:
    said = [str(ActRefused(problem)) for problem in get_args(Problem)]
    assert all(said)
    assert len(set(said)) >= len(said) - 1, "only `done` and `report` are the same"


def test_no_representation_shows_what_an_officer_wrote() -> None:
    assert "brother" not in repr(DeskAct(name="note", text="the brother of Kallu"))
