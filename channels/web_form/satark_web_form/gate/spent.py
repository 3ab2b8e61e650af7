"""Proofs that were used, kept until they would be too old in any case: an empty file each, so that all processes agree.

It works with the database down. A file's name is a hash of the proof, and says nothing of who gave it.
"""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Final

_BUCKET: Final = 60
"""Seconds of expiry that share a folder, which is swept whole."""


class Spent:
    """The used proofs below one folder, and the places of those who waited. Every method blocks, but briefly."""

    def __init__(self, folder: Path) -> None:
        self._used = folder / "used"
        self._places = folder / "places"

    def once(self, proof: bytes, expires: int) -> bool:
        """Use a proof up. False where it was used before. `expires`: Unix seconds, after which it is refused anyway."""
        path = self._path(proof, expires)
        return _claim(path.parent, path.name)

    def was_used(self, proof: bytes, expires: int) -> bool:
        """Whether `once` was called for this proof."""
        return self._path(proof, expires).exists()

    def place(self, now: float, most: int) -> bool:
        """Take one of the places of this minute. False where all of them are taken."""
        minute = self._places / str(int(now) // _BUCKET)
        return any(_claim(minute, str(number)) for number in range(most))

    def sweep(self, now: float) -> None:
        """Remove what has expired."""
        for kind in (self._used, self._places):
            for bucket in kind.iterdir() if kind.is_dir() else ():
                if int(bucket.name) < int(now) // _BUCKET:
                    shutil.rmtree(bucket, ignore_errors=True)

    def _path(self, proof: bytes, expires: int) -> Path:
        return self._used / str(expires // _BUCKET) / sha256(proof).hexdigest()


def _claim(folder: Path, name: str) -> bool:
    """Make a file that is not there yet: of several processes that try, one succeeds."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    return True
