"""The tmpfs workspace, the only place for unencrypted files. Each file has a temporary folder of its own.

A process locks each folder that it uses (flock(2)). The kernel releases the lock when the process ends, so a process
that starts later recognises abandoned folders and removes them.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - memory, not a disk; the folder inside has mode 0700


def workspace_dir(data_dir: Path) -> Path:
    """Return the workspace of the installation with this `data_dir`. If it does not exist, create it with mode 0700.

    The workspace is in memory if the system has `/dev/shm`, else inside `data_dir`, which must be on an encrypted disk.

    Raises:
        PermissionError: another user owns the workspace or can read it, or there is a link in its place.
    """
    own = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    in_memory = SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK)
    workspace = SHARED_MEMORY / f"satark-{os.getuid()}-{own}" if in_memory else data_dir / "work"
    workspace.mkdir(mode=0o700, parents=not in_memory, exist_ok=True)
    owner = workspace.lstat()
    if workspace.is_symlink() or owner.st_uid != os.getuid() or owner.st_mode & 0o077:
        raise PermissionError(f"{workspace} is not private to this user")
    return workspace


@contextlib.contextmanager
def temporary_folder(workspace: Path) -> Iterator[Path]:
    """Create a folder for one file. When the block ends, also by an error, remove the folder and its contents."""
    folder = Path(tempfile.mkdtemp(dir=workspace))
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def remove_abandoned_folders(workspace: Path) -> None:
    """Remove the folders of processes that have ended."""
    for folder in workspace.iterdir():
        with contextlib.suppress(OSError):
            _remove_unless_locked(folder)


def _remove_unless_locked(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
