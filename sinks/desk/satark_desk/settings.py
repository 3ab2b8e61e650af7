"""The section `[desk]` of the settings."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

if TYPE_CHECKING:
    from satark.casework import Clocks, WorkingTime

Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""A day of the week in the settings."""
_WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
_DAY: Final = 86_400
_HOURS: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class DeskSettings(BaseModel):
    """Settings of the officers' desk. All have defaults."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    idle_minutes: float = Field(default=20, gt=0, le=480)
    """minutes of inactivity after which an officer is signed out"""
    session_hours: float = Field(default=10, gt=0, le=24)
    """hours after which an officer is signed out in any case"""
    overdue_days: int = Field(default=3, ge=1)
    """days after which an unfinished tip counts as overdue"""
    first_act_hours_urgent: float = Field(default=1, gt=0, le=720)
    """hours until a desk must have acted on an urgent tip; then it rises"""
    first_act_hours_high: float = Field(default=12, gt=0, le=720)
    """hours until a desk must have acted on a tip of high priority"""
    first_act_hours_normal: float = Field(default=72, gt=0, le=2160)
    """hours until a desk must have acted on any other tip"""
    report_hours_urgent: float = Field(default=6, gt=0, le=720)
    """hours until a report is owed on an urgent tip, unless a time is given"""
    report_hours_high: float = Field(default=24, gt=0, le=720)
    """hours until a report is owed on a tip of high priority"""
    report_hours_normal: float = Field(default=168, gt=0, le=2160)
    """hours until a report is owed on any other tip"""
    remind_hours: float = Field(default=4, gt=0, le=168)
    """hours before a report is due from which its desk is reminded"""
    working_days: tuple[Weekday, ...] = ()
    """days on which tips of normal priority have their time, such as `["mon", "tue"]`; empty: all"""
    working_hours: str = "10:00-18:00"
    """hours of a working day that count, if `working_days` are named"""
    holidays: tuple[date, ...] = ()
    """days that do not count either, such as `["2027-01-26"]`, if `working_days` are named"""
    push: tuple[str, ...] = ()
    """desks here whose officers may let urgent tips alert their browsers, through the push services of Google, Mozilla,
    Apple and Microsoft; needs an https `public_url`"""
    page_size: int = Field(default=25, ge=1, le=500)
    """tips on one page of the queue"""
    place: str = ""
    """place where certificates are signed; empty: left blank"""
    server_make: str = ""
    """make and model of the server, for certificates"""
    server_color: str = ""
    """colour of the server, for certificates"""
    server_serial: str = ""
    """serial number of the server, for certificates"""
    server_id: str = ""
    """UID or MAC address of the server, for certificates"""
    utc_offset_hours: float = Field(default=5.5, ge=-12, le=14)
    """the officers' time zone, in hours ahead of UTC; India: 5.5"""

    @field_validator("working_hours")
    @classmethod
    def _is_within_a_day(cls, value: str) -> str:
        begins, ends = _hours(value)
        if not begins < ends <= _DAY:
            raise ValueError("must end after they begin, on the same day")
        return value

    def working_time(self) -> WorkingTime | None:
        """Return the hours that count for tips of normal priority; None: all."""
        from satark.casework import WorkingTime  # noqa: PLC0415 - every role reads the settings

        if not self.working_days:
            return None
        begins, ends = _hours(self.working_hours)
        return WorkingTime(
            weekdays=frozenset(map(_WEEKDAYS.index, self.working_days)),
            begins=begins,
            ends=ends,
            holidays=frozenset(self.holidays),
            utc_offset_hours=self.utc_offset_hours,
        )

    def clocks(self) -> Clocks:
        """Return the clocks of the desks' work."""
        from satark.casework import Clocks  # noqa: PLC0415

        return Clocks(
            first_act_hours={
                "urgent": self.first_act_hours_urgent,
                "high": self.first_act_hours_high,
                "normal": self.first_act_hours_normal,
            },
            report_hours={
                "urgent": self.report_hours_urgent,
                "high": self.report_hours_high,
                "normal": self.report_hours_normal,
            },
            remind_hours=self.remind_hours,
            working=self.working_time(),
        )


def _hours(text: str) -> tuple[int, int]:
    """Return begin and end of hours such as `10:00-18:00`, in seconds after midnight."""
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError("must be two times, such as 10:00-18:00")
    begin_hour, begin_minute, end_hour, end_minute = map(int, match.groups())
    return begin_hour * 3600 + begin_minute * 60, end_hour * 3600 + end_minute * 60
