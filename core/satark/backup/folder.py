"""The folder that backups are written to, on a disk or in a bucket, and the sealed files that all of them share.

```
20261126T211702-123456Z/manifest.json   what is in the backup: sizes and SHA-256, nothing of tips
                     key.age          the key of this backup, encrypted to the operator's recipients
                     main.age         rows of the main database, encrypted to that key
                     keys.age         rows of the key store; in a folder of its own if the operator wants it apart
                     spool.age        what waited in the spool
files/                                sealed files in chunks, and their list (`satark.backup.chunked_files`)
erased.list                           tags of erased tips: a restore of an older backup brings none of them back
```

The manifest is written last: a backup that broke off has none, and counts as no backup.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Engine

from satark import __version__
from satark.api.egress import proxy_url
from satark.api.observability import Redacted
from satark.api.sealing import open_as
from satark.backup.sealed_stream import Damaged, Record, StoredFile, measure, write_records
from satark.retention.erasure import parse_tags, tag_lines
from satark.store import envelopes
from satark_files.decoding import DECODING_ERRORS
from satark_files.file_store import FileStore
from satark_files.open_store import open_store

KEY: Final = "key.age"
MAIN: Final = "main.age"
KEYS: Final = "keys.age"
SPOOL: Final = "spool.age"
MANIFEST: Final = "manifest.json"
FILES: Final = "files"
ERASED: Final = "erased.list"
BREAK_OFF: Final = timedelta(days=1)
"""Age from which a backup without a manifest counts as interrupted, no longer as being made."""
_FORMAT: Final = 1
_NAME: Final = "%Y%m%dT%H%M%S-%fZ"


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
    """Public keys whose owners can open the backup."""
    parts: dict[str, StoredFile]
    """The encrypted files of the backup."""
    tag: bytes = b""
    """Tag of the name and of everything above, under the name key."""

    def tag_of(self, name: str, keys: Connection | Engine) -> bytes:
        """Return the tag that this manifest must have as the one of the backup `name`."""
        return envelopes.tag(keys, name, msgspec.json.encode(replace(self, tag=b"")).decode())


class BackupKey(Redacted, frozen=True):
    identity: str


class BackupFolder:
    """Backups in a folder or a bucket (`s3://bucket/folder`). Its methods wait for the disk or the service.

    `scratch`: a folder of this machine for nameless sealed parts on their way to and from a bucket. `keys_address`:
    where `keys.age` is, under the same names of backups; empty: with the other parts.
    """

    def __init__(self, address: str, scratch: Path, keys_address: str = "") -> None:
        self.address, self._keys_address = address, keys_address or address
        self._store = _open(address, scratch)
        self._keys = _open(keys_address, scratch) if keys_address else self._store
        self.files = self._store.below(FILES)

    def names(self) -> list[str]:
        """Return the names of the complete backups, the oldest first."""
        return sorted(one.name.partition("/")[0] for one in self._store.files() if one.name.endswith(f"/{MANIFEST}"))

    def place(self, name: str, part: str) -> str:
        """Return the place of a part of a backup, for a message."""
        return f"{self._keys_address if part == KEYS else self.address}/{name}/{part}"

    def begin(self) -> str:
        """Return the name of a new backup. Interrupted backups are removed."""
        now = datetime.now(UTC)
        begun = {one.name.partition("/")[0] for store in (self._store, self._keys) for one in store.files()}
        old = {name for name in begun if name[:1].isdecimal() and name < f"{now - BREAK_OFF:{_NAME}}"}
        self._remove(old - set(self.names()))
        return f"{now:{_NAME}}"

    def write(self, name: str, part: str, recipient: str, records: Iterable[Record]) -> StoredFile:
        writing = self._of(part).begin(f"{name}/{part}")
        try:
            stored = write_records(writing.file, recipient, records)
            self._of(part).finish(writing)
        finally:
            writing.discard()
        return stored

    def put(self, name: str, part: str, content: bytes) -> StoredFile:
        """Write a small part of a backup."""
        self._store.put(f"{name}/{part}", content)
        return measure(BytesIO(content))

    def write_manifest(self, name: str, keys: Connection | Engine, **content: Any) -> None:
        """Write the manifest of a backup. With it the backup is complete. `content`: fields of `Manifest`."""
        manifest = Manifest(version=__version__, made=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", **content)
        self._write(name, manifest, keys)

    def _write(self, name: str, manifest: Manifest, keys: Connection | Engine) -> None:
        tagged = replace(manifest, tag=manifest.tag_of(name, keys))
        self.put(name, MANIFEST, msgspec.json.format(msgspec.json.encode(tagged), indent=2) + b"\n")

    def drop_spools(self, keys: Connection | Engine) -> None:
        """Remove the spool from all but the newest backup: what it holds was ingested long ago, or forgotten."""
        for name in self.names()[:-1]:
            manifest = self.manifest(name)
            # An altered one gets no new tag: that would make it count.
            if manifest.tag == manifest.tag_of(name, keys):
                rest = {part: stored for part, stored in manifest.parts.items() if part != SPOOL}
                if rest != manifest.parts:
                    self._write(name, replace(manifest, parts=rest), keys)
                self._store.remove([f"{name}/{SPOOL}"])

    def manifest(self, name: str) -> Manifest:
        """Read the manifest of a backup.

        Raises:
            Damaged: the manifest is missing, or of another format.
        """
        place = self.place(name, MANIFEST)
        try:
            manifest = msgspec.json.decode(self._store.read(f"{name}/{MANIFEST}"), type=Manifest)
        except (FileNotFoundError, *DECODING_ERRORS):
            raise Damaged(f"{place} can't be read") from None
        if manifest.format != _FORMAT:
            raise Damaged(f"{place} has format {manifest.format}, which this version can't read")
        return manifest

    def open(self, name: str, part: str, stored: StoredFile) -> BinaryIO:
        """Open a part of a backup after comparing it with the manifest.

        Raises:
            Damaged: it is missing or altered.
        """
        try:
            file = self._of(part).open(f"{name}/{part}")
        except FileNotFoundError:
            raise Damaged(f"{self.place(name, part)} is missing") from None
        if measure(file) != stored:
            file.close()
            raise Damaged(f"{self.place(name, part)} was altered, or was not copied completely")
        return file

    def key(self, name: str, operator: str) -> BackupKey:
        """Open the key of a backup with the private key of one of its recipients.

        Raises:
            CantOpen: the key is sealed to others, or altered. Damaged: it is missing.
        """
        try:
            return open_as(BackupKey, self._store.read(f"{name}/{KEY}"), operator)
        except FileNotFoundError:
            raise Damaged(f"{self.place(name, KEY)} is missing") from None

    def erased(self) -> frozenset[bytes]:
        """Return the tags of the erased tips."""
        return parse_tags(self._store.read(ERASED)) if self._store.size(ERASED) is not None else frozenset()

    def write_erased(self, tags: Iterable[bytes]) -> None:
        """Replace the list of erased tips."""
        self._store.put(ERASED, tag_lines(sorted(tags)))

    def remove_old(self, keep: int) -> int:
        """Remove all but the `keep` newest backups; return how many were removed."""
        old = self.names()[:-keep]
        self._remove(set(old))
        return len(old)

    def _remove(self, backups: set[str]) -> None:
        """Remove backups, each manifest before its parts."""
        for store in (self._store, self._keys):
            of = [one.name for one in store.files() if one.name.partition("/")[0] in backups]
            store.remove(sorted(of, key=lambda name: not name.endswith(MANIFEST)))

    def _of(self, part: str) -> FileStore:
        return self._keys if part == KEYS else self._store


def _open(address: str, scratch: Path) -> FileStore:
    return open_store(address if "://" in address else Path(address).absolute().as_uri(), scratch, proxy_url())
