"""The place and time in a file are compared with the place and time of the tip."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from satark.casework import OpenTip
from satark_desk.file_origins import FileOrigin, file_origins
from satark_files.origin import Origin
from satark_words.geography.geography import Geography

CAME = date(2026, 11, 24), date(2026, 11, 25)
Read = Callable[..., dict[str, FileOrigin]]


@pytest.fixture
def read(opened: Callable[..., OpenTip]) -> Read:
    """Return the origin that a tip's only file tells."""

    def read(origin: Origin | None, place: object = "Lanka") -> dict[str, FileOrigin]:
        return file_origins(opened(place, origin), Geography.sample(), CAME)

    return read


def test_a_place_is_measured_from_the_pin_and_the_nearest_station(read: Read) -> None:
    said = read(Origin(latitude=25.2802, longitude=83.0105), {"latitude": 25.2765, "longitude": 83.0085})["1"]
    assert said.place == (25.2802, 83.0105)
    assert [(one.station, one.direction, round(one.km, 2)) for one in said.bearings] == [
        ("", "ne", 0.46),
        ("lanka", "e", 1.16),
    ]
    assert (said.taken, said.days_before) == (None, None)


def test_without_a_pin_a_place_is_measured_only_from_the_station(read: Read) -> None:
    assert [one.station for one in read(Origin(latitude=25.28, longitude=83.0))["1"].bearings] == ["lanka"]


@pytest.mark.parametrize(
    ("taken", "days"),
    [
        ("2026-11-20T21:15", 4),
        ("2026-11-23T23:59", 1),
        ("2026-11-24T00:00", 0),
        ("2026-11-25T23:59", 0),
        ("2026-11-26T00:00", -1),
        ("2027-11-26T00:00", -366),
    ],
)
def test_a_time_is_compared_with_the_days_on_which_the_tip_may_have_come(read: Read, taken: str, days: int) -> None:
    said = read(Origin(taken=taken))["1"]
    assert said.taken == datetime.fromisoformat(taken)
    assert said.days_before == days
    assert said.bearings == ()


@pytest.mark.parametrize("taken", ["2026-13-45T10:00", "2026-02-30T10:00", "0000-01-01T00:00", "2026-11-20T25:61"])
def test_a_time_that_no_calendar_has_is_left_out(read: Read, taken: str) -> None:
    assert read(Origin(taken=taken))["1"].taken is None


def test_a_file_without_place_and_time_is_left_out(read: Read) -> None:
    assert read(None) == {}
