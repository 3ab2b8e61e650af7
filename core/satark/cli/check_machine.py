"""The part of `satark check` that examines the machine: swap, memory locks, disks and peers."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal, NamedTuple

from sqlalchemy import text

from satark.api.channel import Channel
from satark.api.settings import SettingProblem
from satark.api.sink import Sink
from satark.custody.comparison import compare_stores
from satark.runtime.dependency_faults import ask_peers
from satark.runtime.process_watch import may_lock_memory
from satark.services import Services
from satark.store.unit_of_work import SnapshotBusy

State = Literal["good", "bad", "unknown"]
MARKS: Final[dict[State, str]] = {"good": "✓", "bad": "✗", "unknown": "?"}
IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
COPY_ON_WRITE: Final = frozenset({"btrfs", "zfs", "bcachefs", "f2fs", "nilfs2"})

_COST: Final = (
    "after a power cut, the drafts, senders and reply addresses of that hour can be opened for ever; "
    "docs/operations.md, Epoch keys, says how to move it into memory"
)


_MACHINES: Final = (
    "`machines` does not say how many machines use the databases: who owns PostgreSQL could show each of them rows of "
    "its own, and none would know of the others"
)
_KEEPS_TIMES: Final = {
    "track_commit_timestamp": "off",
    "wal_recycle": "off",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
}
"""Settings of a PostgreSQL server, and the values with which its disk keeps the moments of messages least."""


class Finding(NamedTuple):
    state: State
    text: str

    def __str__(self) -> str:
        return f"{MARKS[self.state]} {self.text}"


def machine_findings(data_dir: Path, epoch_key_file: Path, root: Path = Path("/")) -> list[Finding]:
    """Return the findings on swap, memory lock, disk and epoch keys. Tests pass a `root` other than `/`."""
    return [
        swap(root),
        memory_lock(),
        encryption(_existing(data_dir), root),
        epoch_keys(_existing(epoch_key_file), root),
    ]


def server_warnings(services: Services) -> list[str]:
    """Warn of what the owner of a PostgreSQL server could use: rows for each machine, the moment of each message."""
    if services.main.dialect.name != "postgresql":
        return []
    alone = [] if services.machines else [_MACHINES]
    every = text("SELECT name, setting FROM pg_settings")
    found = {row.name: row.setting for row in services.read(lambda main: main.execute(every).all())}
    return alone + [
        f"PostgreSQL's {name} is {found[name]}: its disk keeps the moments of messages; set it to {wanted}"
        " (docs/install.md, step 3)"
        for name, wanted in _KEEPS_TIMES.items()
        if found.get(name, wanted) != wanted
    ]


def swap(root: Path) -> Finding:
    """Tell whether memory may be written to a disk."""
    try:
        lines = (root / "proc/swaps").read_text().splitlines()[1:]
    except OSError:
        return Finding("unknown", "swap: this system does not tell; it must be off or encrypted")
    places = [line.split()[0] for line in lines if line.strip()]
    if not places:
        return Finding("good", "swap is off")
    if all(Path(place).name.startswith("zram") for place in places):
        return Finding("good", "swap is in memory only (zram)")
    return Finding("bad", f"swap is on ({', '.join(places)}): keys and drafts may be written there; run: swapoff -a")


def memory_lock() -> Finding:
    """Tell whether `satark serve` can lock its memory."""
    if may_lock_memory():
        return Finding("good", "memory is locked by `satark serve`")
    return Finding("bad", "memory can't be locked: set LimitMEMLOCK=infinity for the service (ulimit -l unlimited)")


def encryption(folder: Path, root: Path) -> Finding:
    """Tell whether a folder is on a disk that this machine encrypts (dm-crypt, LUKS)."""
    kind, _ = _mount(folder, root)
    if kind == "tmpfs":
        return Finding("good", f"{folder} is in memory")
    device = folder.stat().st_dev
    found = _is_encrypted(root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}")
    if found is None:
        return Finding(
            "unknown", f"disk encryption: this machine does not tell what {folder} is on ({kind or 'unknown'})"
        )
    if found:
        return Finding("good", f"{folder} is on an encrypted disk (dm-crypt)")
    return Finding(
        "bad", f"{folder} is on no disk that this machine encrypts; what a provider encrypts can't be seen here"
    )


def epoch_keys(file: Path, root: Path) -> Finding:
    """Tell whether the epoch keys vanish with the power, or stay readable on a disk."""
    kind, options = _mount(file, root)
    if not kind:
        return Finding("unknown", f"whether {file}, with the epoch keys, is in memory is not known")
    if kind not in IN_MEMORY:
        copied = kind in COPY_ON_WRITE or "data=journal" in options
        copies = ", which keeps copies of what is overwritten" if copied else ""
        return Finding("bad", f"{file} is on a disk ({kind}){copies}: {_COST}")
    if kind == "ramfs" or "noswap" in options.split(",") or swap(root).state == "good":
        return Finding("good", f"{file} is in memory alone: the epoch keys end with the power")
    return Finding("bad", f"{file} is in memory, which may be swapped to a disk: switch swap off")


def _existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists."""
    path = path.resolve()
    return next(one for one in (path, *path.parents) if one.exists())


def _mount(path: Path, root: Path) -> tuple[str, str]:
    """Return the type and the options of the file system that contains a path; empty if the system does not tell."""
    try:
        lines = (root / "proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return "", ""
    best = ("", "", "")
    for line in lines:
        # proc(5): … mount point, options, optional fields, "-", type, source, super options
        before, _, after = line.partition(" - ")
        point = before.split()[4].replace("\\040", " ")
        if path.is_relative_to(point) and len(point) >= len(best[0]):
            kind, _, options = after.split(" ", 2)
            best = (point, kind, options)
    return best[1], best[2]


def _is_encrypted(device: Path) -> bool | None:
    """Return whether a block device, or each device below it, is dm-crypt; None if the system shows no such device."""
    if not device.exists():
        return None
    uuid = device / "dm/uuid"
    if uuid.exists() and uuid.read_text().startswith("CRYPT-"):
        return True
    below = [_is_encrypted(one) for one in sorted((device / "slaves").glob("*"))]
    return bool(below) and all(below)


_WAITS: Final = "what is for it waits until then"


def peer_problems(plugins: Sequence[Sink | Channel]) -> list[SettingProblem]:
    """Let each sink and channel that can, connect to its peers, all at the same time; return the problems."""
    if not plugins:
        return []
    with ThreadPoolExecutor(1) as thread:  # a caller may have an event loop of its own
        found = thread.submit(lambda: asyncio.run(ask_peers(plugins))).result()
    return [SettingProblem.of(name, text, _WAITS) for name, text in found]


_HINT: Final = (
    "a copy that was not made with `satark backup` was restored, or a part was lost: restore one backup as a whole "
    "(docs/operations.md, Backups)"
)


def store_problems(services: Services) -> list[SettingProblem]:
    """Find rows or files that a store lacks. Return nothing if the databases are written to all the time."""
    try:
        found = compare_stores(services)
    except SnapshotBusy:
        return []
    return [SettingProblem("stores", "SATARK_DATABASE_URL, SATARK_KEYS_URL", str(one), _HINT) for one in found]
