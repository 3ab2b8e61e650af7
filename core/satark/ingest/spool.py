"""Where inline media's requests wait while the database is down: sealed files, on disk before anything is said.

WhatsApp and Telegram bring again for days what is not acknowledged. Nobody does that for a text message, a call or a
form, so what they carry must be kept here. A file holds a batch as the channel parsed it, so nothing that `parse`
drops is ever written, sealed under a key of its own; the file's name is part of the seal. It stays until its events
are committed: a crash in between lets them in a second time, where their keys tell them for duplicates.
"""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from satark import atomic_files

if TYPE_CHECKING:
    from satark.channel import Batch
    from satark.identity.edge_key import Identity

_is_kept = re.compile(r"(\d{20})-[0-9a-f]{8}\.(\w+)", re.ASCII).fullmatch
"""A place in the order (Unix nanoseconds when there is no reason for another), a tail against clashes, the channel."""
_ASIDE: Final = "aside"
_LOCK: Final = ".lock"


class SpoolFull(Exception):  # noqa: N818 - it reads as what it says
    """There is no room to keep more."""


class Spool:
    """One machine's spool; several processes may share it. The methods wait for the disk: call them from a thread.

    Args:
        folder: where it lies; made when something is kept.
        max_files: most batches that wait at once.
        max_bytes: most bytes that they take.
    """

    def __init__(self, folder: Path, identity: Identity, *, max_files: int, max_bytes: int) -> None:
        self._folder = folder
        self._identity = identity
        self._max_files = max_files
        self._max_bytes = max_bytes

    @property
    def depth(self) -> int:
        """How many batches wait."""
        return len(waiting(self._folder))

    @property
    def aside(self) -> int:
        """How many could not be let in, and were set aside."""
        return len(set_aside(self._folder))

    def keep(self, channel: str, batch: Batch) -> None:
        """Keep a batch behind all others; it is on disk when this returns.

        Raises:
            SpoolFull: it would be too many, or too much.
            OSError: it can't be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = waiting(self._folder)
        name = f"{_after(others):020}-{token_hex(4)}.{channel}"
        sealed = self._identity.seal_batch(batch, name.encode())
        taken = sum(self._size(other) for other in others)
        if len(others) >= self._max_files or taken + len(sealed) > self._max_bytes:
            raise SpoolFull
        atomic_files.replace(self._folder / name, [sealed])

    def open(self, name: str) -> tuple[str, Batch]:
        """Open what is kept under a name: the channel's name, and the batch.

        Raises:
            BrokenSeal: it was altered or renamed, or is another edge key's.
        """
        sealed = (self._folder / name).read_bytes()
        return name.rpartition(".")[2], self._identity.open_batch(sealed, name.encode())

    def names(self) -> list[str]:
        """Give the names of what waits, in the order of arrival."""
        return waiting(self._folder)

    def done(self, name: str) -> None:
        """Forget a batch that was let in."""
        (self._folder / name).unlink(missing_ok=True)

    def set_aside(self, name: str) -> None:
        """Put a batch that can't be let in where it holds up nobody, until the next start."""
        (self._folder / _ASIDE).mkdir(mode=0o700, exist_ok=True)
        (self._folder / name).replace(self._folder / _ASIDE / name)

    def restore(self) -> None:
        """Put back what was set aside: a start may bring the version or the setting that it needs."""
        for name in set_aside(self._folder):
            (self._folder / _ASIDE / name).replace(self._folder / name)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Be the only process of this machine that lets in; gives False where another one is. A kill frees it."""
        with (self._folder / _LOCK).open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _size(self, name: str) -> int:
        try:
            return (self._folder / name).stat().st_size
        except FileNotFoundError:  # let in meanwhile
            return 0


def waiting(folder: Path) -> list[str]:
    """Give the names of what waits in a spool, in the order of arrival; nothing where there is no such folder."""
    try:
        return sorted(path.name for path in folder.iterdir() if _is_kept(path.name))
    except FileNotFoundError:
        return []


def set_aside(folder: Path) -> list[str]:
    """Give the names of what was set aside in a spool."""
    return waiting(folder / _ASIDE)


def _after(names: list[str]) -> int:
    """Give a place behind all of these, whatever the clock says."""
    newest = int(names[-1].partition("-")[0]) if names else 0
    return max(newest + 1, time.time_ns())
