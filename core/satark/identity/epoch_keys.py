"""Epoch keys: keys of short epochs, in a file of their own, destroyed by overwriting them in place or by a power cut.

Drafts, reply handles, replies under way and the look-ups of senders are sealed under the key of the current epoch (see
`satark.identity.edge_key`). A job (`satark.runtime.scheduler`) seals anew the values that are still needed, and
destroys the key of the previous epoch. After that, no old copy of a row in free blocks, in a log or in a backup opens.

Each machine has a file of its own. Machines of one database agree on the epochs (`satark.store.epochs`).

By default the file is in memory (`satark.settings.settings.memory_folder`), so that the keys outlive the process but
not a power cut (docs/adr/0018-epoch-keys-die-with-the-power.md).

The file has one block of 4 KiB: a head (magic, an id, a counter of changes, two times) and 63 slots. It is
written only by overwriting, never by renaming, so that even on a disk, if the settings name one, a key is in one place.
That holds on ext4 and XFS, but not on file systems that copy on write (Btrfs, ZFS), nor below a flash disk's own
remapping.

The counts of drafts (`DraftCounts`) follow the block. They last as long as the keys that open the drafts.
"""

import fcntl
import mmap
import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple, Self

from satark_files import atomic_files

EPOCH_ID: Final = 4
"""Size in bytes of an epoch's random id. Every value that is sealed under the epoch begins with the id."""
LONGEST_GRACE: Final = 60
"""Seconds for which a key stays after its epoch's end, for transactions that sealed values under it just before."""
LOSS_TOLD: Final = 24 * 3600
"""Seconds for which new conversations tell of lost drafts. No draft lasts longer."""

_MAGIC: Final = b"satark/epochs/1\n"
_FILE_ID, _COUNTER, _LOST_AT, _UNLISTED_AT, _HEAD = 16, 32, 40, 48, 64
_NAME, _MINUTE = 4, 4
"""Bytes of the parts of a file's id: hashes of the machine and of its boot, the minute; 4 random ones follow."""
_SLOT, _SIZE = 64, 4096
_KEY, _SUM = 32, 8
_SLOTS: Final = range(_HEAD, _SIZE, _SLOT)


_COUNTS: Final = 1 << 19
"""Number of counts that there can be at a time: two of a conversation."""
_COUNT: Final = 4
"""Size in bytes of a count, and of the part of a conversation's id before it."""


class EpochKeysError(Exception):
    """The file of the epoch keys can't be used; the message says what is wrong with it."""


class Epoch(NamedTuple):
    """One epoch: its id, when it began (Unix seconds), and its key of 32 bytes.

    If it began at 0, it is no epoch: its key opens values that another machine sealed for this one.
    """

    id: bytes
    since: int
    key: bytes

    def __repr__(self) -> str:
        return "Epoch(…)"


class DraftCounts:
    """How often each conversation's draft was written, or a tip's reply handle deleted, as this machine knows.

    A look-up of a sender counts too, from a conversation's begin to its end (`store.conversations.is_missing`).

    Whoever writes rows can put back an earlier one, which still opens, but not an earlier count here. Each place has
    the count of one conversation or tip: if two share a place, only the last writer's count is known.
    """

    def __init__(self, descriptor: int) -> None:
        size, self.is_shared = 2 * _COUNT * _COUNTS, True
        try:
            os.posix_fallocate(descriptor, _SIZE, size)  # else a full disk would end the process at a write
            self._counts = mmap.mmap(descriptor, _SIZE + size)
        except OSError:  # counts of this process alone
            self._counts, self.is_shared = mmap.mmap(-1, _SIZE + size), False

    def of(self, conversation: bytes) -> int:
        """Return the highest known count; 0: none is known."""
        at, name = _place(conversation), conversation[:_COUNT]
        found = self._counts[at : at + 2 * _COUNT]
        return int.from_bytes(found[_COUNT:]) if found[:_COUNT] == name else 0

    def after(self, conversation: bytes) -> int:
        """Return the count for the next stored draft, or for the conversation's end, and note it."""
        return self.of(conversation) + 1

    def note(self, conversation: bytes, count: int) -> None:
        """Store a count, unless a higher one is known."""
        if count > self.of(conversation):
            at = _place(conversation)
            self._counts[at : at + 2 * _COUNT] = conversation[:_COUNT] + count.to_bytes(_COUNT)

    def begin(self, lookups: Iterable[bytes]) -> None:
        for lookup in lookups:
            self.note(lookup, 1)

    def end(self, lookups: Iterable[bytes]) -> None:
        for at in map(_place, filter(self.of, lookups)):
            self._counts[at : at + 2 * _COUNT] = bytes(2 * _COUNT)


def _place(conversation: bytes) -> int:
    return _SIZE + int.from_bytes(conversation[_COUNT : 2 * _COUNT]) % _COUNTS * 2 * _COUNT


class _Looked(threading.local):
    enough = False
    """Whether this thread has already read the file for its present transaction."""


class EpochKeys:
    """The epoch keys that are not destroyed yet. Many threads and processes may share one file.

    `descriptor`: the open file, which this object closes; `seconds`: the length of an epoch.
    """

    def __init__(self, descriptor: int, seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._descriptor = descriptor
        self.seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._looked = _Looked()
        self._changes = b""
        self.lost_at = 0
        """Unix time at which drafts were lost whose keys a power cut destroyed; 0: none were."""
        self.unlisted_at = 0
        """Unix time at which somebody had deleted epochs from the database's list; 0: nobody did."""
        self._current: Epoch | None = None
        self._live: dict[bytes, Epoch] = {}
        """Id of an epoch → the epoch, the newest first."""
        self.receiving: dict[bytes, bytes] = {}
        """Id → the private key to which other machines seal epoch keys. There is one key, or two during a change."""
        self.take: Callable[[], None] | None = None
        """Takes the keys that are new to this machine. None: machines agree on nothing, and `current` begins epochs."""
        head = os.pread(descriptor, _HEAD, 0)
        if len(head) != _HEAD or not head.startswith(_MAGIC):
            raise EpochKeysError("it is no file of epoch keys")
        self.file_id = head[_FILE_ID:_COUNTER]
        """Id of the file, 16 bytes. The database stores it too, to recognise another file."""

    def __repr__(self) -> str:
        return "EpochKeys(…)"

    def __del__(self) -> None:
        os.close(self._descriptor)

    @classmethod
    def load(cls, path: Path, seconds: float, clock: Callable[[], float] = time.time) -> Self:
        """Open the file; create it if necessary.

        Raises:
            EpochKeysError: others may read the file, or it holds something else.
        """
        if not path.exists():
            atomic_files.create(path, _empty())
        if path.stat().st_mode & 0o077:
            raise EpochKeysError(f"others can read the epoch keys: chmod 600 {path}")
        return cls(os.open(path, os.O_RDWR | os.O_CLOEXEC), seconds, clock)

    @classmethod
    def in_memory(cls) -> Self:
        """Make keys that end with this process and are never on a disk."""
        descriptor = os.memfd_create("satark-epochs")
        os.write(descriptor, _empty())
        return cls(descriptor, 3600, time.time)

    @cached_property
    def drafts(self) -> DraftCounts:
        """The counts of drafts that this machine's processes share."""
        return DraftCounts(self._descriptor)

    def current(self) -> Epoch:
        """Return the current epoch. If it has ended, begin the next one, unless machines must agree on it."""
        self._look()
        epoch = self._current
        if epoch is None or (self.take is None and abs(self.age(epoch)) >= self.seconds):
            epoch = self._begin()
        return epoch

    def age(self, epoch: Epoch) -> float:
        """Return how many seconds ago an epoch began."""
        return self._clock() - epoch.since

    def find(self, id_: bytes) -> Epoch | None:
        """Return the epoch with this id; None: its key is destroyed or unknown."""
        self._look()
        found = self._live.get(id_)
        if found is None and (self._looked.enough or self.take):  # another process or machine may have begun it since
            if self.take and len(id_) == EPOCH_ID:
                self.take()
            self.refresh()
            found = self._live.get(id_)
        return found

    def live(self) -> list[Epoch]:
        """Return every epoch whose key is not destroyed, the newest first."""
        self._look()
        return list(self._live.values())

    @contextmanager
    def one_look(self) -> Iterator[None]:
        """Read the file once for all values that this thread seals or opens in a transaction.

        Meanwhile, a key that another process destroys still counts as present, and a key that it adds is not seen yet.
        So every transaction of a process ends with `satark.store.epochs.Epochs.unchanged`.
        """
        self.refresh()
        self._looked.enough = True
        try:
            yield
        finally:
            self._looked.enough = False

    def ended(self) -> list[bytes]:
        """Return the ids of epochs that ended long enough ago for their keys to be destroyed."""
        current, grace = self.current(), min(LONGEST_GRACE, self.seconds)
        return [e.id for e in self.live() if e.id != current.id and self.age(e) >= self.seconds + grace]

    def note_loss(self, at: int | None = None) -> None:
        """Record that drafts were lost, now or at a given time. New conversations then tell of the loss."""
        self._note(_LOST_AT, int(self._clock()) if at is None else at)

    def note_unlisted(self) -> None:
        """Record that somebody deleted epochs from the database's list."""
        self._note(_UNLISTED_AT, int(self._clock()))

    def _note(self, place: int, at: int) -> None:
        with self._changing():
            os.pwrite(self._descriptor, at.to_bytes(8), place)
        self.refresh()

    def tells_loss(self, now: float) -> bool:
        """Whether a conversation that begins now must tell that drafts were lost."""
        return 0 <= now - self.lost_at < LOSS_TOLD

    def turn(self) -> list[bytes]:
        """Begin an epoch now, and return the ids of all others that are not destroyed."""
        others = self.live()
        self.add(self.next_epoch(others[0].since + 1 if others else 0))  # the newest is the current one
        return [epoch.id for epoch in others]

    def destroy(self, ids: Collection[bytes]) -> None:
        """Destroy keys: overwrite them in place. On return the change is flushed to the disk."""
        with self._changing():
            places = [at for at in _SLOTS if os.pread(self._descriptor, EPOCH_ID, at) in ids]
            for fill in (os.urandom(_SLOT), bytes(_SLOT)):
                for at in places:
                    os.pwrite(self._descriptor, fill, at)
                os.fsync(self._descriptor)
        self.refresh()

    def refresh(self) -> None:
        """Read the file again if it was changed, so that this process also forgets destroyed keys."""
        changes = os.pread(self._descriptor, _UNLISTED_AT + 8 - _COUNTER, _COUNTER)
        if changes == self._changes:
            return
        slots = filter(None, (_parse(os.pread(self._descriptor, _SLOT, at)) for at in _SLOTS))
        newest_first = sorted(slots, key=lambda epoch: epoch.since, reverse=True)
        live = {epoch.id: epoch for epoch in newest_first if epoch.since}
        self.receiving = {one.id: one.key for one in newest_first if not one.since}
        self._live, self._current = live, next(iter(live.values()), None)
        self.lost_at, self.unlisted_at = int.from_bytes(changes[8:16]), int.from_bytes(changes[16:])
        self._changes = changes

    def _look(self) -> None:
        if not self._looked.enough:
            self.refresh()

    def _begin(self) -> Epoch:
        """Begin an epoch, unless another thread or process has begun one."""
        with self._changing():
            self.refresh()
            epoch = self._current
            if epoch is not None and (abs(self.age(epoch)) < self.seconds or self.is_full):
                return epoch  # no job has destroyed a key for days: rather a long epoch than no service
            self._put(self.next_epoch())
        self.refresh()
        return self._current or self._begin()

    def next_epoch(self, since: int = 0) -> Epoch:
        """Make an epoch that begins now, or at `since` if that is later. It is not in the file yet."""
        return Epoch(os.urandom(EPOCH_ID), max(since, int(self._clock())), os.urandom(_KEY))

    @property
    def is_full(self) -> bool:
        """Whether the file has no room for another epoch."""
        return len(self._live) >= len(_SLOTS) - 2  # the others are for keys of which `receiving` tells

    def add(self, *epochs: Epoch) -> None:
        """Add epochs that are not there yet. On return they are flushed."""
        with self._changing():
            self.refresh()
            for epoch in epochs:
                if epoch.id not in self._live and epoch.id not in self.receiving:
                    self._put(epoch)
        self.refresh()

    def _put(self, epoch: Epoch) -> None:
        free = (at for at in _SLOTS if _parse(os.pread(self._descriptor, _SLOT, at)) is None)
        content = epoch.id + epoch.since.to_bytes(8) + epoch.key
        slot = (content + sha256(content).digest()[:_SUM]).ljust(_SLOT, b"\0")
        os.pwrite(self._descriptor, slot, next(free))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the file's lock for a change. At the end, flush and count the change."""
        with self._lock:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            try:
                yield
                # The change is on the disk before anybody is told of it.
                os.fsync(self._descriptor)
                counter = int.from_bytes(os.pread(self._descriptor, 8, _COUNTER)) + 1
                os.pwrite(self._descriptor, counter.to_bytes(8), _COUNTER)
                os.fsync(self._descriptor)
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)


def ended_with_power(lost: bytes, present: bytes) -> bool:
    """Whether a file with the id `lost` was in this machine's memory before a power cut; `present` is a file's now.

    False also if the keys may still be in use: on another machine, in another container, or in another file.
    """
    return lost[:_NAME] == present[:_NAME] and lost[_NAME : 2 * _NAME] != present[_NAME : 2 * _NAME]


def made_lately(lost: bytes, now: float) -> bool:
    """Whether the file with this id is so new that conversations may still have to tell of an earlier loss."""
    return 0 <= now - int.from_bytes(lost[2 * _NAME : 2 * _NAME + _MINUTE]) * 60 < LOSS_TOLD


def _power() -> bytes:
    """Return hashes of this machine and its boot. A container is a machine; its first process is the boot."""
    machine = _read("/etc/machine-id") + socket.gethostname()
    first = _read("/proc/1/stat").rpartition(")")[2].split()
    run = _read("/proc/sys/kernel/random/boot_id") + "".join(first[19:20])  # proc(5): starttime
    return b"".join(sha256(name.encode()).digest()[:_NAME] for name in (machine, run))


def _read(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text()
    return ""


def _empty() -> bytes:
    # No key stands in it yet: what a file system moves while the file is made tells nothing.
    id_ = _power() + (int(time.time()) // 60).to_bytes(_MINUTE) + os.urandom(4)
    return (_MAGIC + id_ + (1).to_bytes(8)).ljust(_SIZE, b"\0")


def _parse(slot: bytes) -> Epoch | None:
    """Read a slot; None if it is empty, overwritten or half written."""
    end = EPOCH_ID + 8 + _KEY
    content = slot[:end]
    if slot[end : end + _SUM] != sha256(content).digest()[:_SUM]:
        return None
    return Epoch(content[:EPOCH_ID], int.from_bytes(content[EPOCH_ID:-_KEY]), content[-_KEY:])
