"""The uploads' part of the section `[web_form]`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from satark.limits import Limits

_LIMITS = Limits()


class UploadSettings(BaseModel):
    """How much a browser may leave with us, and for how long. Everything has a default."""

    upload_files: int = Field(
        default=_LIMITS.tip_files, ge=1, le=1000, description="most files that one draft may have waiting"
    )
    upload_bytes: int = Field(
        default=_LIMITS.tip_bytes, ge=1, description="most bytes of all files that one draft may have waiting"
    )
    upload_minutes: float = Field(
        default=720, gt=0, description="minutes without a byte after which a file that no tip took is erased"
    )
    upload_handed_days: float = Field(
        default=7, gt=0, description="days that a file of a tip waits for the evidence worker before it is erased"
    )
    upload_stall_seconds: float = Field(
        default=30, gt=0, description="seconds without a byte after which a connection counts as lost"
    )
    upload_at_once: int = Field(
        default=32, ge=1, description="most files that come in at once in one process; each may hold 3 MB of memory"
    )
    upload_reserve_bytes: int = Field(
        default=1_000_000_000,
        ge=0,
        description="bytes of the disk that stay free for everything else: below it no file is taken from a browser",
    )
