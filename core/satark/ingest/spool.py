"""Spool: while the database is down, sealed files hold the batches that no provider sends again.

WhatsApp and Telegram resend unacknowledged events for days. Nobody resends a text message, a call, a form, or
a chat without `Capabilities.resends`, so batches of these are on disk before they are acknowledged.

A file holds a batch as the channel parsed it, so nothing that `parse` drops is ever written. The file is sealed under
an epoch key of the spool's own. This key lies beside it on the disk: an acknowledged batch must outlive a power cut. It
is destroyed when its epoch ends, and at once when nothing waits any more. The file's name is part of the seal. A file
stays until its events are committed. After a crash in between, the events are ingested again, and their event keys
show that they are duplicates.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import Final

from satark.api.inbound import Batch
from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.epoch_keys import EPOCH_ID, Epoch, EpochKeys
from satark_files import atomic_files

_is_spooled = re.compile(r"(\d{20})-[0-9a-f]{8}\.(\w+)", re.ASCII).fullmatch
"""Matches a file's name: a number for the order, a random part, the channel. A time would remain on the disk."""
_QUARANTINE: Final = "quarantine"
_LOCK: Final = ".lock"
_EPOCHS: Final = ".epochs"


class SpoolFull(Exception):  # noqa: N818 - it reads as what it says
    """The spool has no room for another batch."""


class Spool:
    """One machine's spool; several processes may share it. The methods wait for the disk: call them from a thread."""

    def __init__(self, folder: Path, identity: Identity, *, max_files: int, max_bytes: int) -> None:
        self._folder = folder
        self._root = identity
        self._max_files = max_files
        self._max_bytes = max_bytes
        self._unused: list[Epoch] = []
        """The epochs whose keys seal no file on the disk, as far as this process knows."""

    @property
    def depth(self) -> int:
        """Number of waiting batches."""
        return len(waiting(self._folder))

    @property
    def shown_depth(self) -> int:
        """Number of waiting batches, rounded down to a tenth of `spool_max_files`: each one would tell its second."""
        step = max(1, self._max_files // 10)
        return self.depth // step * step

    @property
    def quarantined(self) -> int:
        """Number of batches that could not be ingested."""
        return len(quarantined(self._folder))

    @cached_property
    def _identity(self) -> Identity:
        """The identity with this spool's own epoch keys, which no other machine can destroy."""
        keys = EpochKeys.load(self._folder / _EPOCHS, self._root.epochs.seconds)
        return self._root.with_epochs(keys)

    @property
    def has_ended_epochs(self) -> bool:
        """Whether keys of ended epochs are to be destroyed."""
        if not (self._folder / _EPOCHS).exists():
            return False
        epochs = self._identity.epochs
        return bool(epochs.ended()) or (not self._files() and epochs.live() != self._unused)

    def end_epochs(self) -> None:
        """Seal anew what is sealed under ended epochs, and destroy these epochs' keys. The caller holds the lock.

        If nothing waits, every epoch ends.
        """
        with self._keys_locked(fcntl.LOCK_EX):
            self._end_epochs(self._identity.epochs)

    def _end_epochs(self, epochs: EpochKeys) -> None:
        files = self._files()
        ended = epochs.ended() if files else epochs.turn()
        for path in files if ended else ():
            sealed = path.read_bytes()
            if sealed[:EPOCH_ID] in ended:
                with suppress(BrokenSeal):
                    atomic_files.replace(path, [self._identity.reseal_batch(sealed, path.name.encode())])
        epochs.destroy(ended)
        self._unused = [] if files else epochs.live()

    def _files(self) -> list[Path]:
        names = [*waiting(self._folder), *(f"{_QUARANTINE}/{name}" for name in quarantined(self._folder))]
        return [self._folder / name for name in names]

    def add(self, channel: str, batch: Batch) -> None:
        """Spool a batch behind all others. On return the batch is flushed to disk.

        Raises:
            SpoolFull: with this batch there would be too many batches, or too many bytes.
            OSError: the file can't be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._keys_locked(fcntl.LOCK_SH):
            self._add(channel, batch)

    def _add(self, channel: str, batch: Batch) -> None:
        others = waiting(self._folder)
        name = f"{_after([*others, *quarantined(self._folder)]):020}-{token_hex(4)}.{channel}"
        sealed = self._identity.seal_batch(batch, name.encode())
        taken = sum(self._size(other) for other in others)
        if len(others) >= self._max_files or taken + len(sealed) > self._max_bytes:
            raise SpoolFull
        atomic_files.replace(self._folder / name, [sealed])

    @contextmanager
    def _keys_locked(self, mode: int) -> Iterator[None]:
        """Lock the folder: shared while a file is sealed under an epoch key, exclusively while keys are destroyed."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, mode)
            yield
        finally:
            os.close(folder)

    def open(self, name: str) -> tuple[str, Batch]:
        """Open a spooled batch by its file's name; return the channel's name and the batch.

        Raises:
            BrokenSeal: the file was altered or renamed, or sealed under another edge key.
        """
        self._unused = []
        sealed = (self._folder / name).read_bytes()
        return name.rpartition(".")[2], self._identity.open_batch(sealed, name.encode())

    def names(self) -> list[str]:
        """Return the file names of the waiting batches, in the order in which they came."""
        return waiting(self._folder)

    def done(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)

    def quarantine(self, name: str) -> None:
        """Move a batch that can't be ingested out of the queue until the next start."""
        (self._folder / _QUARANTINE).mkdir(mode=0o700, exist_ok=True)
        (self._folder / name).replace(self._folder / _QUARANTINE / name)

    def restore(self) -> None:
        """Move quarantined batches back into the queue. A restart may bring the version or setting that they need."""
        for name in quarantined(self._folder):
            (self._folder / _QUARANTINE / name).replace(self._folder / name)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Try to lock this machine's spool for replaying; False: another process has the lock. A kill releases it."""
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
    """Return the file names of a spool's waiting batches, in the order in which they came; none without a folder."""
    try:
        return sorted(path.name for path in folder.iterdir() if _is_spooled(path.name))
    except FileNotFoundError:
        return []


def quarantined(folder: Path) -> list[str]:
    """Return the file names of a spool's quarantined batches."""
    return waiting(folder / _QUARANTINE)


def describe(depth: int, quarantined: int) -> str:
    """Say in words how many batches wait in a spool and how many are quarantined; empty if there are no batches."""
    parts = [f"{depth} waiting in the spool"] if depth else []
    return ", ".join([*parts, f"{quarantined} quarantined"] if quarantined else parts)


def _after(names: list[str]) -> int:
    """Return the number after the highest number in these names."""
    return int(max(names).partition("-")[0]) + 1 if names else 1
