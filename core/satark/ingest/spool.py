"""Spool: sealed files that hold the batches that come only once, while the database is down.

WhatsApp and Telegram send for days what is not acknowledged. Nobody does that for a text message, a call, a form, or a
chat without `Capabilities.resends`, so their batches are on disk before they are acknowledged.
A file holds a batch as the channel parsed it, so nothing that `parse` drops is ever written. It is sealed under an
epoch key of the spool's own, which is destroyed like any other (`satark.identity.epoch_keys`); the file's name is part
of the seal. A file stays until its events are committed: after a crash in between they are ingested again, and their
keys tell that they are duplicates.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from satark.identity.edge_key import BrokenSeal
from satark.identity.epoch_keys import EPOCH_ID, EpochKeys
from satark_files import atomic_files

if TYPE_CHECKING:
    from satark.api.inbound import Batch
    from satark.identity.edge_key import Identity

_is_spooled = re.compile(r"(\d{20})-[0-9a-f]{8}\.(\w+)", re.ASCII).fullmatch
"""A file's name: its place in the order, a random part, the channel. A time would stay in the folder's blocks."""
_QUARANTINE: Final = "quarantine"
_LOCK: Final = ".lock"
_EPOCHS: Final = ".epochs"


class SpoolFull(Exception):  # noqa: N818 - it reads as what it says
    """There is no room to spool more."""


class Spool:
    """One machine's spool; several processes may share it. The methods wait for the disk: call them from a thread.

    Args:
        folder: where it lies; made when something is spooled.
        max_files: most batches that wait at once.
        max_bytes: most bytes that they take.
    """

    def __init__(self, folder: Path, identity: Identity, *, max_files: int, max_bytes: int) -> None:
        self._folder = folder
        self._root = identity
        self._max_files = max_files
        self._max_bytes = max_bytes

    @property
    def depth(self) -> int:
        """How many batches wait."""
        return len(waiting(self._folder))

    @property
    def quarantined(self) -> int:
        """How many batches could not be ingested."""
        return len(quarantined(self._folder))

    @cached_property
    def _identity(self) -> Identity:
        """The identity with the spool's own epoch keys, so that no other machine destroys one that is needed here."""
        keys = EpochKeys.load(self._folder / _EPOCHS, self._root.epochs.seconds)
        return self._root.with_epochs(keys)

    @property
    def has_ended_epochs(self) -> bool:
        """Whether keys of ended epochs are to be destroyed."""
        return (self._folder / _EPOCHS).exists() and bool(self._identity.epochs.ended())

    def end_epochs(self) -> None:
        """Seal anew what is sealed under epochs that ended, and destroy their keys. Hold the lock for it."""
        epochs = self._identity.epochs
        ended = epochs.ended()
        names = [*waiting(self._folder), *(f"{_QUARANTINE}/{name}" for name in quarantined(self._folder))]
        for path in (self._folder / name for name in names if ended):
            sealed = path.read_bytes()
            if sealed[:EPOCH_ID] in ended:
                with suppress(BrokenSeal):
                    atomic_files.replace(path, [self._identity.reseal_batch(sealed, path.name.encode())])
        epochs.destroy(ended)

    def add(self, channel: str, batch: Batch) -> None:
        """Spool a batch behind all others; it is flushed to disk on return.

        Raises:
            SpoolFull: the batches would be too many, or too large.
            OSError: it can't be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = waiting(self._folder)
        name = f"{_after([*others, *quarantined(self._folder)]):020}-{token_hex(4)}.{channel}"
        sealed = self._identity.seal_batch(batch, name.encode())
        taken = sum(self._size(other) for other in others)
        if len(others) >= self._max_files or taken + len(sealed) > self._max_bytes:
            raise SpoolFull
        atomic_files.replace(self._folder / name, [sealed])

    def open(self, name: str) -> tuple[str, Batch]:
        """Open a spooled batch by its name: the channel's name, and the batch.

        Raises:
            BrokenSeal: it was altered or renamed, or is another edge key's.
        """
        sealed = (self._folder / name).read_bytes()
        return name.rpartition(".")[2], self._identity.open_batch(sealed, name.encode())

    def names(self) -> list[str]:
        """Give the names of what waits, in the order of arrival."""
        return waiting(self._folder)

    def done(self, name: str) -> None:
        """Delete an ingested batch."""
        (self._folder / name).unlink(missing_ok=True)

    def quarantine(self, name: str) -> None:
        """Move a batch that can't be ingested out of the way, until the next start."""
        (self._folder / _QUARANTINE).mkdir(mode=0o700, exist_ok=True)
        (self._folder / name).replace(self._folder / _QUARANTINE / name)

    def restore(self) -> None:
        """Move quarantined batches back: a start may bring the version or the setting that they need."""
        for name in quarantined(self._folder):
            (self._folder / _QUARANTINE / name).replace(self._folder / name)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the lock of the machine's one replaying process; False if another process has it. A kill releases it."""
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
        except FileNotFoundError:  # ingested meanwhile
            return 0


def waiting(folder: Path) -> list[str]:
    """Give the names of what waits in a spool, in the order of arrival; nothing where there is no such folder."""
    try:
        return sorted(path.name for path in folder.iterdir() if _is_spooled(path.name))
    except FileNotFoundError:
        return []


def quarantined(folder: Path) -> list[str]:
    """Return the names of the quarantined batches of a spool."""
    return waiting(folder / _QUARANTINE)


def describe(depth: int, quarantined: int) -> str:
    """Say in words what waits in a spool and what is quarantined; empty if nothing is."""
    parts = [f"{depth} waiting in the spool"] if depth else []
    return ", ".join([*parts, f"{quarantined} quarantined"] if quarantined else parts)


def _after(names: list[str]) -> int:
    """Return the next place behind all of these."""
    return int(max(names).partition("-")[0]) + 1 if names else 1
