"""The settings of uploads, in the section `web_form`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from satark_files.limits import MB


class UploadSettings(BaseModel):
    """How much a browser may upload, and how long it is stored. All settings have defaults."""

    upload_files: int = Field(default=30, ge=1, le=1000, description="most files per draft")
    upload_bytes: int = Field(default=500 * MB, ge=1, description="most bytes per draft, in all files together")
    upload_minutes: float = Field(
        default=720, gt=0, description="minutes without a byte after which a file that is part of no tip is deleted"
    )
    upload_attached_days: float = Field(
        default=7,
        gt=0,
        description="days after which a file of a tip is deleted even if it was not fetched",
    )
    upload_stall_seconds: float = Field(
        default=30, gt=0, description="seconds without a byte after which a connection counts as lost"
    )
    upload_at_once: int = Field(
        default=32, ge=1, description="most simultaneous uploads per process; each may use 3 MB of memory"
    )
    upload_turn_seconds: float = Field(
        default=3,
        gt=0,
        description="seconds that an upload keeps its slot at least",
    )
    upload_wait_seconds: float = Field(default=12, gt=0, description="seconds that an upload waits for a slot")
    upload_reclaim_minutes: float = Field(
        default=30,
        gt=0,
        description="minutes without a byte after which files that are part of no tip make room on a full disk",
    )
    upload_reserve_bytes: int = Field(
        default=1_000_000_000,
        ge=0,
        description="bytes of disk space to keep free: below it, uploads are refused",
    )
