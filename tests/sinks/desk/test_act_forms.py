"""Values that officers type for acts."""

from __future__ import annotations

import pytest

from satark_desk.act_forms import act_of, parse_due, write_due


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", 0),
        ("2026-11-27T05:30", 1795737600),
        ("2026-11-27 05:30", 1795737600),
        ("tomorrow", None),
        ("2026-13-01T00:00", None),
        ("2026-11-27", None),
    ],
)
def test_a_time_is_read_in_the_officers_time_zone(typed: str, read: int | None) -> None:
    assert parse_due(typed, 5.5) == read


def test_a_time_is_written_as_it_is_read() -> None:
    assert write_due(1795737600, 5.5) == "2026-11-27T05:30"


@pytest.mark.parametrize(
    ("typed", "counts"),
    [
        ({}, {}),
        ({"arrests": " 2 ", "seizures": "0"}, {"arrests": 2, "seizures": 0}),
        ({"arrests": "२"}, {"arrests": 2}),
        ({"arrests": "two", "seizures": "12345"}, {"arrests": None, "seizures": None}),
        ({"seizures": "-1"}, {"seizures": None}),
    ],
)
def test_arrests_and_seizures_are_read_as_numbers(typed: dict[str, str], counts: dict[str, int | None]) -> None:
    assert act_of("report", typed, 5.5).counts == counts
