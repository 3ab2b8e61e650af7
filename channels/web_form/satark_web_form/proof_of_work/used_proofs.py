"""Used proofs, recorded until they expire: one empty file each, shared by all processes.

This works while the database is down. A file's name is a hash of the proof, and identifies nobody.
"""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Final

_BUCKET: Final = 60
"""Seconds of expiry that share a folder, which is deleted as a whole."""


class UsedProofs:
    """The used proofs below a folder, and the slots of delay tickets. Every method blocks briefly."""

    def __init__(self, folder: Path) -> None:
        self._used = folder / "used"
        self._slots = folder / "slots"

    def use(self, proof: bytes, expires: int) -> bool:
        """Mark a proof as used. Return False if it was used before. `expires`: its expiry, in Unix seconds."""
        path = self._path(proof, expires)
        return _claim(path.parent, path.name)

    def was_used(self, proof: bytes, expires: int) -> bool:
        """Whether a proof was used."""
        return self._path(proof, expires).exists()

    def take_slot(self, now: float, limit: int) -> bool:
        """Take one of this minute's slots. Return False if all are taken."""
        minute = self._slots / str(int(now) // _BUCKET)
        return any(_claim(minute, str(number)) for number in range(limit))

    def delete_expired(self, now: float) -> None:
        """Delete expired proofs and slots."""
        for kind in (self._used, self._slots):
            for bucket in kind.iterdir() if kind.is_dir() else ():
                if int(bucket.name) < int(now) // _BUCKET:
                    shutil.rmtree(bucket, ignore_errors=True)

    def _path(self, proof: bytes, expires: int) -> Path:
        return self._used / str(expires // _BUCKET) / sha256(proof).hexdigest()


def _claim(folder: Path, name: str) -> bool:
    """Create a file. Of several processes that try, exactly one succeeds."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    return True
