"""Ways through a graph of questions are reduced to the shortest condition."""

from __future__ import annotations

import pytest

from satark.cli.importing.ways import Way, Ways

TESTS = {"a": {"x": "a == 'x'", "y": "a == 'y'", "z": "a == 'z'"}, "b": {"x": "b == 'x'", "y": "b == 'y'"}}


def way(**answers: str) -> Way:
    return {step: frozenset(given) for step, given in answers.items()}


@pytest.mark.parametrize(
    ("ways", "condition"),
    [
        ([way()], ""),
        ([way(a="x")], "a == 'x'"),
        ([way(a="x"), way(a="y")], "(a == 'x' or a == 'y')"),
        ([way(a="x"), way(a="yz")], ""),
        ([way(a="x", b="x"), way(a="x", b="y")], "a == 'x'"),
        ([way(a="x", b="x"), way(a="x")], "a == 'x'"),
        ([way(a="x", b="x"), way(a="y", b="y")], "(a == 'x' and b == 'x') or (a == 'y' and b == 'y')"),
        ([way(a="x", b="x"), way(a="x", b="y"), way(a="yz")], ""),
    ],
)
def test_ways_are_joined_into_one_condition(ways: list[Way], condition: str) -> None:
    joined = Ways()
    joined.tests.update(TESTS)
    assert joined.condition(joined.joined(ways)) == condition


def test_a_way_with_answers_that_exclude_each_other_leads_nowhere() -> None:
    joined = Ways()
    joined.tests.update(TESTS)
    assert joined.through([way(a="x"), way(b="x")], "a", frozenset("yz")) == [way(a="yz", b="x")]
