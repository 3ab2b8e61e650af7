"""The section `[desk]`: how the settings of working days and hours are read."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from satark.casework import WorkingTime
from satark_desk.settings import DeskSettings


def test_without_working_days_every_hour_counts() -> None:
    assert DeskSettings(working_hours="09:00-17:00").clocks().working is None


def test_working_days_hours_and_holidays_are_those_of_the_officers_time_zone() -> None:
    settings = DeskSettings.model_validate(
        {"working_days": ["mon", "sun"], "working_hours": "09:30-24:00", "holidays": ["2027-01-26"]}
    )
    assert settings.clocks().working == WorkingTime(
        weekdays=frozenset({0, 6}),
        begins=34_200,
        ends=86_400,
        holidays=frozenset({date(2027, 1, 26)}),
        utc_offset_hours=5.5,
    )


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("working_days", ["monday"], "'mon'"),
        ("working_hours", "9-17", "such as 10:00-18:00"),
        ("working_hours", "18:00-10:00", "must end after they begin"),
        ("working_hours", "10:00-24:30", "on the same day"),
        ("holidays", ["26.1.2027"], "date"),
    ],
)
def test_an_invalid_working_time_is_named_in_the_error(setting: str, value: object, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        DeskSettings.model_validate({setting: value})
