"""The settings of the proof of work, in the section `web_form`."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ProofOfWorkSettings(BaseModel):
    """How much work a browser must do. All settings have defaults."""

    proof_cost: int = Field(
        default=5_000, ge=1_000, le=1_000_000, description="PBKDF2 iterations per guess of the proof of work"
    )
    proof_guesses: int = Field(
        default=400,
        ge=2,
        le=100_000,
        description="maximum number of guesses of the proof of work (at least half of them are needed); "
        "400 guesses at a cost of 5000 take about 1 second on a desktop and 10 on an old phone",
    )
    proof_minutes: float = Field(
        default=60, gt=0, le=720, description="minutes until the challenge and the delay ticket of a page expire"
    )
    proof_wait_seconds: int = Field(
        default=20, ge=0, le=600, description="seconds that a browser without JavaScript waits instead of the work"
    )
    proof_waits_per_minute: int = Field(
        default=60,
        ge=1,
        le=10_000,
        description="number of browsers without JavaScript that may pass per minute, in total",
    )
