"""The gate's part of the section `[web_form]`."""

from __future__ import annotations

from pydantic import BaseModel, Field


class GateSettings(BaseModel):
    """How much a browser must do. Everything has a default."""

    gate_cost: int = Field(
        default=5_000, ge=1_000, le=1_000_000, description="PBKDF2 iterations of one guess of the proof of work"
    )
    gate_guesses: int = Field(
        default=400,
        ge=2,
        le=100_000,
        description="most guesses of the proof of work, and at least half of them; 400 at a cost of 5000 take about a "
        "second on a desktop, ten on an old phone",
    )
    gate_minutes: float = Field(
        default=60, gt=0, le=720, description="minutes that a page's proof of work and its ticket are good for"
    )
    gate_wait_seconds: int = Field(
        default=20, ge=0, le=600, description="seconds that a browser without JavaScript waits in place of the work"
    )
    gate_waits_per_minute: int = Field(
        default=60, ge=1, le=10_000, description="those who may pass a minute by waiting, of everybody together"
    )
