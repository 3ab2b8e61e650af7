"""The section `[desk]` of the settings."""

from __future__ import annotations

from pydantic import BaseModel, Field


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
    page_size: int = Field(default=25, ge=1, le=500, description="tips on one page of the queue")
    place: str = Field(default="", description="place where certificates are signed; empty: left blank")
    server_make: str = Field(default="", description="make and model of the server, for certificates")
    server_color: str = Field(default="", description="colour of the server, for certificates")
    server_serial: str = Field(default="", description="serial number of the server, for certificates")
    server_id: str = Field(default="", description="UID or MAC address of the server, for certificates")
    utc_offset_hours: float = Field(
        default=5.5, ge=-12, le=14, description="the officers' time zone, in hours ahead of UTC; India: 5.5"
    )
