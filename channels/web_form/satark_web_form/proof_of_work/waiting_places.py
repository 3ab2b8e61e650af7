"""Places of browsers without JavaScript: so many a minute for each purpose; who finds none keeps a place in the queue.

A place is an empty file, so that all processes share them. Whoever comes first is first, whoever they are; a place in
the queue is remembered by a hash of the draft, or of the ticket where there is none.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from satark_web_form.proof_of_work.used_proofs import claim, delete_buckets

_MINUTE: Final = 60


class WaitingPlaces:
    """The places below a folder. Every method blocks briefly."""

    def __init__(self, folder: Path, queue_minutes: int, kept_minutes: int) -> None:
        """`queue_minutes`: the longest queue; `kept_minutes`: how long a place is kept for whoever comes late."""
        self._places = folder / "places"
        self._kept = folder / "kept"
        self._queue = queue_minutes
        self._late = kept_minutes

    def take(self, now: float, purpose: str, owner: bytes, per_minute: int) -> int | None:
        """Take a place. Return the seconds until it comes up: 0 for now; None: the queue is full.

        An owner who has a place in the queue keeps that one, and no other.
        """
        this = int(now) // _MINUTE
        name = sha256(purpose.encode() + b"\0" + owner).hexdigest()
        for minute in range(this - self._late, this + self._queue + 1):
            if (self._kept / str(minute) / name).exists():
                return max(0, minute * _MINUTE - int(now))
        for minute in range(this, this + self._queue + 1):
            if self._has_room(minute, purpose, per_minute):
                if minute > this:
                    claim(self._kept / str(minute), name)
                return max(0, minute * _MINUTE - int(now))
        return None

    def leave(self, now: float, purpose: str, owner: bytes) -> None:
        """Give up the place of an owner who has passed: a second passage needs a second place."""
        this = int(now) // _MINUTE
        name = sha256(purpose.encode() + b"\0" + owner).hexdigest()
        for minute in range(this - self._late, this + 1):
            (self._kept / str(minute) / name).unlink(missing_ok=True)

    def delete_expired(self, now: float) -> None:
        """Delete the places that were."""
        this = int(now) // _MINUTE
        delete_buckets(self._places, before=this)
        delete_buckets(self._kept, before=this - self._late)

    def _has_room(self, minute: int, purpose: str, per_minute: int) -> bool:
        folder = self._places / str(minute)
        return any(claim(folder, f"{purpose}-{number}") for number in range(per_minute))
