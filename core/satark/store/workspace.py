"""The one place where a file lies in plain: a private folder in memory, one a file, gone when the work is.

A folder in use is locked (flock(2)) by the process that uses it. The kernel drops the lock with the process, so whoever
starts next can tell what a dead one left behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - memory, not a disk; the folder inside is ours alone


def workroom(data_dir: Path) -> Path:
    """The folder for plaintext of the installation whose data lies in `data_dir`, made if need be, ours alone.

    In memory where the system has `/dev/shm`; else inside `data_dir`, which must then lie on an encrypted disk.
    """
    own = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    in_memory = SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK)
    room = SHARED_MEMORY / f"satark-{os.getuid()}-{own}" if in_memory else data_dir / "work"
    room.mkdir(mode=0o700, parents=not in_memory, exist_ok=True)
    owner = room.lstat()
    if room.is_symlink() or owner.st_uid != os.getuid() or owner.st_mode & 0o077:
        raise PermissionError(f"{room} is not this user's alone")
    return room


@contextlib.contextmanager
def private_folder(room: Path) -> Iterator[Path]:
    """A folder for one file, removed with all that is in it, whatever happens."""
    folder = Path(tempfile.mkdtemp(dir=room))
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(room: Path) -> None:
    """Remove the folders of processes that are no more."""
    for folder in room.iterdir():
        with contextlib.suppress(OSError):
            _remove_unless_used(folder)


def _remove_unless_used(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
