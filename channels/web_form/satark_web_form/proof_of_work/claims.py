"""Used proofs, and places of browsers without JavaScript. Each is an empty file, which all processes see.

This works while the database is down. A file's name identifies nobody: it is the hash of a proof, or of the draft or
ticket that has the place in the queue.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

_MINUTE: Final = 60
_BUCKET: Final = 60
"""Proofs that expire within so many seconds share a folder, which is deleted as a whole."""


class UsedProofs:
    """The used proofs below a folder. Every method blocks briefly."""

    def __init__(self, folder: Path) -> None:
        self._used = folder / "used"

    def use(self, proof: bytes, expires: int) -> bool:
        """Mark a proof as used. Return False if it was used before. `expires`: the proof's expiry, in Unix seconds."""
        path = self._path(proof, expires)
        return claim(path.parent, path.name)

    def was_used(self, proof: bytes, expires: int) -> bool:
        """Whether a proof was used."""
        return self._path(proof, expires).exists()

    def delete_expired(self, now: float) -> None:
        delete_buckets(self._used, before=int(now) // _BUCKET)

    def _path(self, proof: bytes, expires: int) -> Path:
        return self._used / str(expires // _BUCKET) / sha256(proof).hexdigest()


class WaitingPlaces:
    """The places below a folder: each purpose has so many a minute. Every method blocks briefly.

    A minute's places go to those who come first. An owner who finds no place in this minute gets one of a later minute,
    and keeps it.
    """

    def __init__(self, folder: Path, queue_minutes: int, kept_minutes: int) -> None:
        """`queue_minutes`: the longest queue; `kept_minutes`: how long a place is kept for whoever comes late."""
        self._places = folder / "places"
        self._kept = folder / "kept"
        self._queue = queue_minutes
        self._late = kept_minutes

    def take(self, now: float, purpose: str, owner: bytes, per_minute: int) -> int | None:
        """Take a place. Return the seconds until the place's turn, 0 for now. None: the queue is full.

        An owner who already has a place in the queue keeps that place and gets no other.
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
        """Give up a place after its owner has used it. For another use the owner must take a new place."""
        this = int(now) // _MINUTE
        name = sha256(purpose.encode() + b"\0" + owner).hexdigest()
        for minute in range(this - self._late, this + 1):
            (self._kept / str(minute) / name).unlink(missing_ok=True)

    def delete_expired(self, now: float) -> None:
        """Delete the places of past minutes."""
        this = int(now) // _MINUTE
        delete_buckets(self._places, before=this)
        delete_buckets(self._kept, before=this - self._late)

    def _has_room(self, minute: int, purpose: str, per_minute: int) -> bool:
        folder = self._places / str(minute)
        return any(claim(folder, f"{purpose}-{number}") for number in range(per_minute))


def claim(folder: Path, name: str) -> bool:
    """Create a file. Of several processes that try, exactly one succeeds."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    return True


def delete_buckets(folder: Path, *, before: int) -> None:
    """Delete the folders whose name is a number below `before`."""
    for bucket in folder.iterdir() if folder.is_dir() else ():
        if int(bucket.name) < before:
            shutil.rmtree(bucket, ignore_errors=True)


class FreeBudget:
    """A token bucket. It does not count by sender or address, since neither is known here."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute`: how many requests are free in a minute. They may all come at once."""
        self._per_second = per_minute / 60
        self._most = float(per_minute)
        self._left = self._most
        self._clock = clock
        self._at = clock()

    def take(self) -> bool:
        """Take one from the budget. Return False if nothing is left."""
        if self.is_empty:
            return False
        self._left -= 1
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        return self._left < 1
