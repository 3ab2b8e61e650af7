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
    """The used proofs below a folder. Every method blocks briefly."""

    def __init__(self, folder: Path) -> None:
        self._used = folder / "used"

    def use(self, proof: bytes, expires: int) -> bool:
        """Mark a proof as used. Return False if it was used before. `expires`: its expiry, in Unix seconds."""
        path = self._path(proof, expires)
        return claim(path.parent, path.name)

    def was_used(self, proof: bytes, expires: int) -> bool:
        """Whether a proof was used."""
        return self._path(proof, expires).exists()

    def delete_expired(self, now: float) -> None:
        """Delete expired proofs."""
        delete_buckets(self._used, before=int(now) // _BUCKET)

    def _path(self, proof: bytes, expires: int) -> Path:
        return self._used / str(expires // _BUCKET) / sha256(proof).hexdigest()


def claim(folder: Path, name: str) -> bool:
    """Create a file. Of several processes that try, exactly one succeeds."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    return True


def delete_buckets(folder: Path, *, before: int) -> None:
    """Delete the folders that are named by a lower number."""
    for bucket in folder.iterdir() if folder.is_dir() else ():
        if int(bucket.name) < before:
            shutil.rmtree(bucket, ignore_errors=True)
