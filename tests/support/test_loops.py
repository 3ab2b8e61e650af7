"""Every row of a table is tried, and each failing row is named."""

from __future__ import annotations

import pytest

from support.loops import every_row


def test_the_failures_of_all_rows_are_reported_together() -> None:
    @every_row("number, other", [(1, 1), (1, 2), (2, 2), (3, 4)])
    def same(number: int, other: int) -> None:
        assert number == other

    with pytest.raises(AssertionError, match=r"(?s)2 of 4 rows.*'other': 2.*'other': 4"):
        same()


def test_two_tables_are_combined_to_all_pairs() -> None:
    tried = []

    @every_row("left", "ab")
    @every_row("right", "xy")
    def pairs(left: str, right: str) -> None:
        tried.append(left + right)

    pairs()
    assert tried == ["ax", "ay", "bx", "by"]


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(AssertionError, match="tests nothing"):
        every_row("number", [])


@every_row("number", [1, 2])
def test_fixtures_are_passed_to_the_test(tmp_path: object, number: int) -> None:
    assert tmp_path
    assert number
