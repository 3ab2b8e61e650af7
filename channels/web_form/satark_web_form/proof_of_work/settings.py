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
        description="most guesses of the proof of work; 400 at a cost of 5000 take 1 second on a desktop, 10 on "
        "an old phone",
    )
    proof_minutes: float = Field(
        default=60, gt=0, le=720, description="minutes until the challenge and the delay ticket of a page expire"
    )
    proof_wait_seconds: int = Field(
        default=20, ge=0, le=600, description="seconds that a browser without JavaScript waits instead of the work"
    )
    proof_waits_per_minute: int = Field(
        default=60, ge=1, le=10_000, description="tips a minute, in total, from browsers without JavaScript"
    )
    mailbox_waits_per_minute: int = Field(
        default=60, ge=1, le=10_000, description="look-ups of a receipt a minute, in total, without JavaScript"
    )
    draft_waits_per_minute: int = Field(
        default=60, ge=1, le=10_000, description="new drafts a minute without JavaScript, beyond the free ones"
    )
    upload_waits_per_minute: int = Field(
        default=60,
        ge=1,
        le=10_000,
        description="first files of a draft a minute without JavaScript, beyond the free ones",
    )
    proof_queue_minutes: int = Field(
        default=15, ge=1, le=60, description="minutes of the longest queue of browsers without JavaScript"
    )
    proof_kept_minutes: int = Field(
        default=10, ge=1, le=60, description="minutes for which a place in that queue is kept for whoever comes late"
    )
    proof_waiting_at_once: int = Field(
        default=100, ge=1, description="requests that one process keeps waiting for their ticket"
    )
    free_drafts_per_minute: int = Field(
        default=60, ge=1, description="new drafts a minute in one process that need no work"
    )
    free_uploads_per_minute: int = Field(
        default=60, ge=1, description="files a minute in one process that need no work"
    )

    def waits_per_minute(self, purpose: str) -> int:
        """How many browsers without JavaScript may pass per minute; each purpose has a budget of its own."""
        return {
            "tip": self.proof_waits_per_minute,
            "mailbox": self.mailbox_waits_per_minute,
            "draft": self.draft_waits_per_minute,
            "upload": self.upload_waits_per_minute,
        }[purpose]
