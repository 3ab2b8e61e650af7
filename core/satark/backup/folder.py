"""The folder that backups are written to: one subfolder per backup, and sealed files that all of them share.

```
20261126T211702-123456Z/manifest.json   what is in the backup: sizes and SHA-256, nothing of tips
                     key.age          the key of this backup, encrypted to the operator's recipients
                     main.age         rows of the main database, encrypted to that key
                     keys.age         rows of the key store; in a folder of its own if the operator wants it apart
                     spool.age        what waited in the spool
files/                                sealed files in chunks; SHA256SUMS is their list (`satark.backup.files`)
erased.list                           tags of erased tips: a restore of an older backup brings none of them back
```
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from satark.backup.sealed_stream import Damaged, StoredFile
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

KEY: Final = "key.age"
MAIN: Final = "main.age"
KEYS: Final = "keys.age"
SPOOL: Final = "spool.age"
MANIFEST: Final = "manifest.json"
FILES: Final = "files"
SUMS: Final = "SHA256SUMS"
ERASED: Final = "erased.list"
_MAKING: Final = ".making-"
_FORMAT: Final = 1


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup contains, readable without a key. It names nothing of a tip."""

    format: int = _FORMAT
    version: str
    """The version of Satark that made the backup."""
    made: str
    """Date and time (UTC) at which the backup was made."""
    revisions: tuple[str, ...]
    """Revisions of both databases' tables."""
    recipients: tuple[str, ...]
    """Public keys of those who can open it."""
    parts: dict[str, StoredFile]
    """The encrypted files of the backup."""


class Busy(Exception):  # noqa: N818 - it reads as what it says
    """Another process writes a backup to the same folder."""


class BackupFolder:
    """A folder of backups. Its methods wait for the disk.

    Args:
        path: the folder; it is made when a backup is written.
        keys_path: a folder for `keys.age`, with the same names of subfolders; None: `keys.age` is with the other parts.
    """

    def __init__(self, path: Path, keys_path: Path | None = None) -> None:
        self.path = path
        self.files = path / FILES
        self.erased = path / ERASED
        self._keys_path = keys_path

    def names(self) -> list[str]:
        """Return the names of the complete backups, the oldest first."""
        return sorted(one.parent.name for one in self.path.glob(f"[0-9]*/{MANIFEST}"))

    def part(self, name: str, part: str) -> Path:
        """Return the path of a part of a backup."""
        return (self._keys_path if self._keys_path and part == KEYS else self.path) / name / part

    def manifest(self, name: str) -> Manifest:
        """Read the manifest of a backup.

        Raises:
            Damaged: the manifest is missing, or of another format.
        """
        path = self.part(name, MANIFEST)
        try:
            manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        except (OSError, *DECODING_ERRORS):
            raise Damaged(f"{path} can't be read") from None
        if manifest.format != _FORMAT:
            raise Damaged(f"{path} has format {manifest.format}, which this version can't read")
        return manifest

    @contextmanager
    def making(self) -> Iterator[str]:
        """Make a backup under a temporary name. When the block ends without an error, the backup gets its own name.

        Raises:
            Busy: another process makes a backup.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.files.mkdir(mode=0o700, exist_ok=True)
        with open(self.path / ".lock", "wb", opener=private) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(f"another process writes a backup to {self.path}") from None
            self._remove(_MAKING)
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S-%fZ}"
            for folder in self._places(f"{_MAKING}{name}"):
                folder.mkdir(mode=0o700, parents=True)
            yield f"{_MAKING}{name}"
            for folder, target in zip(self._places(f"{_MAKING}{name}"), self._places(name), strict=True):
                atomic_files.flush_folder(folder)
                folder.rename(target)
                atomic_files.flush_folder(target.parent)

    def write_manifest(self, name: str, manifest: Manifest) -> None:
        """Write the manifest of a backup. With it the backup is complete."""
        encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        atomic_files.replace(self.part(name, MANIFEST), [encoded, b"\n"])

    def remove_old(self, keep: int) -> int:
        """Remove all but the `keep` newest backups; return how many were removed."""
        old = self.names()[:-keep]
        for name in old:
            self._remove(name)
        return len(old)

    def _remove(self, prefix: str) -> None:
        for folder in (found for root in self._roots() for found in root.glob(f"{prefix}*")):
            shutil.rmtree(folder)

    def _places(self, name: str) -> list[Path]:
        return [root / name for root in self._roots()]

    def _roots(self) -> list[Path]:
        return [root for root in (self._keys_path, self.path) if root is not None]


def plain_name(name: str) -> str:
    """Return the name that a backup gets once it is complete."""
    return name.removeprefix(_MAKING)


def private(path: str, flags: int) -> int:
    """Open a file that only its owner can read; an opener for `open`."""
    return os.open(path, flags, 0o600)
