"""Looks for faults of keys: wrong keys, files that were moved or replaced, and epoch keys that are not destroyed."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from satark.identity.edge_key import Identity
from satark.runtime import compose
from satark.services import Services
from satark.store.epochs import count_asking
from satark.telemetry.faults import Fault
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

OVERDUE: Final = 600
"""Seconds that the destruction of an epoch's key may be late."""
_DAY: Final = 86_400
_KNOWN_KEYS: Final = "known.keys"
"""Name of the file in the data folder: public key of a desk → when this machine saw first that it may be known."""
_CONSTANT: Final = frozenset({"edge_key", "name_key"})


def key_faults(identity: Identity | None, services: Services) -> Iterator[Fault]:
    """Compare this process's keys with the database, which may have been restored or got another edge key since."""
    for problem in compose.canary_problems(identity, services):
        yield Fault(
            f"{problem.setting.removesuffix('_file')}_wrong",
            f"{problem.setting} {problem.message}",
            f"{problem.hint}; then restart (docs/runbook.md#a-wrong-key)",
            stops=True,
        )
    if identity is not None and (asking := services.read(lambda main: count_asking(main, identity.epochs))):
        yield Fault(
            "epoch_keys_asked",
            f"machines that ask for the epoch keys, and that nobody admitted: {asking}",
            "yours: `satark keys admit` there, then here with its code; else somebody has the edge key: change it",
        )
    if identity is not None and 0 <= time.time() - identity.epochs.unlisted_at < _DAY:
        yield Fault(
            "epoch_keys_deleted",
            "somebody deleted epochs from the database's list, which would have ended drafts; they are listed again",
            "find out who writes to the database (docs/runbook.md#epoch-keys-are-deleted)",
        )
    if identity is not None and (late := _late_epochs(identity)):
        yield Fault(
            "epoch_keys_stay",
            f"{late} epoch keys should be destroyed and are not: what was forgotten can still be opened",
            "see that a process with the role worker runs, and that it can write epoch.keys (epoch_key_file)",
        )
    if late := _late_known_keys(services):
        yield Fault(
            "known_keys_stay",
            f"desks whose key somebody else may know, and that did not change for a day: {late}",
            "a head of each signs in, `satark check` names them (docs/runbook.md#a-desks-key-stays)",
        )


class FileWatch:
    """Notices that a file with which this process works was moved, deleted or replaced. `files`: name → path."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._marks = {name: _mark(name, path) for name, path in files.items()}

    def faults(self) -> Iterator[Fault]:
        """Compare each file with what it was when the process started, or when it was first there."""
        for name, path in self._files.items():
            now = _mark(name, path)
            mark = self._marks[name] = self._marks[name] or now
            if now != mark:
                how = "replaced" if now else "moved or deleted"
                do = "put the old file back, or restart with the new one if that is meant (docs/runbook.md#a-wrong-key)"
                yield Fault(f"file_gone:{name}", f"{path} was {how} while Satark uses it", do, stops=True)


def _mark(name: str, path: Path) -> tuple[object, ...]:
    """Return a mark that identifies a file; for a constant key it covers the content. Empty: there is no file."""
    try:
        found = path.stat()
        return found.st_dev, found.st_ino, path.read_bytes() if name in _CONSTANT else b""
    except OSError:
        return ()


def _late_known_keys(services: Services) -> int:
    """Return how many desks have had a known key for a day, as this machine saw. A file outlasts its processes."""
    file, now = services.data_dir / _KNOWN_KEYS, time.time()
    state = services.roster_state()
    before = dict[str, float]()
    with suppress(OSError, *DECODING_ERRORS):
        before = msgspec.json.decode(file.read_bytes(), type=dict[str, float])
    since = {key: before.get(key, now) for key in (state.desks[name].verifier for name in sorted(state.known_keys))}
    if since != before:
        with suppress(OSError):  # the disk's own fault tells
            atomic_files.replace(file, [msgspec.json.encode(since)])
    return sum(now - at > _DAY for at in since.values())


def _late_epochs(identity: Identity) -> int:
    due = time.time() - 2 * identity.epochs.seconds - OVERDUE
    return sum(epoch.since < due for epoch in identity.epochs.live())
