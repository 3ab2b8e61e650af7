"""The section `[desk]` of the settings."""

from __future__ import annotations

from pydantic import BaseModel, Field

from satark.officer import Clocks


class DeskSettings(BaseModel):
    """Settings of the officers' desk. All have defaults."""

    idle_minutes: float = Field(
        default=20, gt=0, le=480, description="minutes of inactivity after which an officer is signed out"
    )
    session_hours: float = Field(
        default=10, gt=0, le=24, description="hours after which an officer is signed out in any case"
    )
    passphrase_checks_at_once: int = Field(
        default=1, ge=1, le=16, description="passphrases that are checked at the same time, each on one processor"
    )
    passphrase_checks_waiting: int = Field(
        default=200, ge=1, le=10_000, description="sign-ins that wait for their check, at most; known browsers go first"
    )
    passphrase_memory_mib: int = Field(
        default=64, ge=64, le=2048, description="MiB that all passphrase checks may take together, at 64 each"
    )
    overdue_days: int = Field(default=3, ge=1, description="days after which an unfinished tip counts as overdue")
    first_act_hours_urgent: float = Field(
        default=1, gt=0, le=720, description="hours until a desk must have acted on an urgent tip; then it rises"
    )
    first_act_hours_high: float = Field(
        default=12, gt=0, le=720, description="hours until a desk must have acted on a tip of high priority"
    )
    first_act_hours_normal: float = Field(
        default=72, gt=0, le=2160, description="hours until a desk must have acted on any other tip"
    )
    report_hours_urgent: float = Field(
        default=6, gt=0, le=720, description="hours until a report is owed on an urgent tip, unless a time is given"
    )
    report_hours_high: float = Field(
        default=24, gt=0, le=720, description="hours until a report is owed on a tip of high priority"
    )
    report_hours_normal: float = Field(
        default=168, gt=0, le=2160, description="hours until a report is owed on any other tip"
    )
    remind_hours: float = Field(
        default=4, gt=0, le=168, description="hours before a report is due from which its desk is reminded"
    )
    longest_due_days: int = Field(default=90, ge=1, le=365, description="days after which a report may be due, at most")
    page_size: int = Field(default=25, ge=1, le=500, description="tips on one page of the queue")
    place: str = Field(default="", description="place where certificates are signed; empty: left blank")
    server_make: str = Field(default="", description="make and model of the server, for certificates")
    server_color: str = Field(default="", description="colour of the server, for certificates")
    server_serial: str = Field(default="", description="serial number of the server, for certificates")
    server_id: str = Field(default="", description="UID or MAC address of the server, for certificates")
    utc_offset_hours: float = Field(
        default=5.5, ge=-12, le=14, description="the officers' time zone, in hours ahead of UTC; India: 5.5"
    )

    def clocks(self) -> Clocks:
        """Return the clocks of the desks' work."""
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
            longest_days=self.longest_due_days,
        )
