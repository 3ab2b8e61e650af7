"""The section `[desk]` of the settings."""

from __future__ import annotations

from pydantic import BaseModel, Field


class DeskSettings(BaseModel):
    """How the officers' desk behaves. Everything has a default."""

    idle_minutes: float = Field(
        default=20, gt=0, le=480, description="minutes without a click after which an officer is signed out"
    )
    session_hours: float = Field(
        default=10, gt=0, le=24, description="hours after which an officer is signed out in any case"
    )
    overdue_days: int = Field(default=3, ge=1, description="days after which an unfinished tip counts as overdue")
    page_size: int = Field(default=25, ge=1, le=500, description="tips on one page of the queue")
    utc_offset_hours: float = Field(
        default=5.5, ge=-12, le=14, description="the officers' clock, in hours ahead of UTC; India: 5.5"
    )
