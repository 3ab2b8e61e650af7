"""Working time: the hours that count, compared with counting them one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.casework.clocks import SUNDAY, WorkingTime

HOUR, QUARTER = 3600, 900
OFFICE = WorkingTime(weekdays=frozenset(range(SUNDAY)), begins=10 * HOUR, ends=18 * HOUR)
"""Monday to Saturday, ten to six, in India."""


def at(moment: str) -> float:
    """Return a moment of the Indian clock, Unix seconds."""
    return datetime.fromisoformat(f"{moment}+05:30").timestamp()


QUARTERS = st.integers(0, 2**12).map(lambda n: at("2026-11-01T00:00") + n * QUARTER)
DAYS = st.integers(0, 60).map(lambda n: date(2026, 11, 1) + timedelta(days=n))


@st.composite
def offices(draw: st.DrawFn) -> WorkingTime:
    """Draw working hours that begin and end with a quarter of an hour."""
    begins, ends = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=2, unique=True)))
    return WorkingTime(
        weekdays=draw(st.frozensets(st.integers(0, SUNDAY), min_size=1)),
        begins=begins * QUARTER,
        ends=ends * QUARTER,
        holidays=draw(st.frozensets(DAYS, max_size=10)),
        utc_offset_hours=draw(st.sampled_from([-12, 0, 5.5, 5.75, 14])),
    )


def counts(office: WorkingTime, quarter: float) -> bool:
    """Return whether the quarter of an hour that begins at a moment is worked."""
    local = datetime.fromtimestamp(quarter, UTC) + timedelta(hours=office.utc_offset_hours)
    second = local.hour * HOUR + local.minute * 60
    return office.is_worked(local.date()) and office.begins <= second < office.ends


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-23T11:00", 3, "2026-11-23T14:00"),
        ("2026-11-23T11:00", 7, "2026-11-23T18:00"),
        ("2026-11-23T11:00", 8, "2026-11-24T11:00"),
        ("2026-11-23T03:00", 1, "2026-11-23T11:00"),
        ("2026-11-28T23:30", 2, "2026-11-30T12:00"),  # from Saturday night to Monday
        ("2026-11-28T17:30", 1, "2026-11-30T10:30"),
    ],
)
def test_only_hours_of_work_are_counted(start: str, hours: float, due: str) -> None:
    assert OFFICE.after(at(start), hours) == at(due)


def test_a_holiday_is_not_counted() -> None:
    office = WorkingTime(
        weekdays=OFFICE.weekdays, begins=OFFICE.begins, ends=OFFICE.ends, holidays=frozenset({date(2026, 11, 30)})
    )
    assert office.after(at("2026-11-28T17:30"), 1) == at("2026-12-01T10:30")


@pytest.mark.slow("a property")
@given(office=offices(), start=QUARTERS, quarters=st.integers(1, 60))
def test_exactly_the_given_working_hours_lie_between_start_and_due_time(
    office: WorkingTime, start: float, quarters: int
) -> None:
    due = office.after(start, quarters / 4)
    worked = [quarter for quarter in range(int(start), int(due), QUARTER) if counts(office, quarter)]
    assert len(worked) == quarters
    assert worked[-1] == due - QUARTER  # the due time is the end of the last of them, and not later


@given(office=offices(), start=QUARTERS, first=st.integers(1, 40), second=st.integers(1, 40))
def test_adding_hours_in_two_steps_equals_adding_their_sum(
    office: WorkingTime, start: float, first: int, second: int
) -> None:
    assert office.after(office.after(start, first / 4), second / 4) == office.after(start, (first + second) / 4)


@given(office=offices(), one=QUARTERS, other=QUARTERS, quarters=st.integers(1, 60))
def test_a_later_start_is_never_due_earlier(office: WorkingTime, one: float, other: float, quarters: int) -> None:
    earlier, later = sorted((one, other))
    assert office.after(earlier, quarters / 4) <= office.after(later, quarters / 4)


@given(office=offices(), start=DAYS, days=st.integers(0, 10))
def test_days_are_counted_up_to_the_eve_of_the_working_day_that_is_one_too_many(
    office: WorkingTime, start: date, days: int
) -> None:
    until = office.days_until(start, days)
    passed = [office.is_worked(start + timedelta(days=n)) for n in range(1, until + 2)]
    assert (sum(passed[:-1]), passed[-1]) == (days, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekdays": frozenset()},
        {"weekdays": frozenset({SUNDAY + 1})},
        {"begins": 5, "ends": 5},
        {"begins": 7, "ends": 5},
        {"ends": 25 * HOUR},
    ],
)
def test_working_time_in_which_nobody_works_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="work"):
        WorkingTime(**{"weekdays": OFFICE.weekdays, "begins": 0, "ends": HOUR, **wrong})  # type: ignore[arg-type]
