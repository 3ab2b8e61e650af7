"""Makes a backup: first the spool, then both databases at one point, then the files, then the list of erased tips.

This order loses nothing. If a batch leaves the spool before the spool is read, the batch is in the databases. If a row
names a file, the file was sealed before that row was written. A tip that is erased meanwhile is on the list.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, func, select

from satark import __version__
from satark.api.sealing import new_identity, seal
from satark.backup.files import ChunkedFiles, files_key
from satark.backup.folder import FILES, KEY, KEYS, MAIN, SPOOL, BackupFolder, BackupKey, Manifest
from satark.backup.rows import key_records, main_records, spool_records
from satark.backup.sealed_stream import Record, StoredFile, measure
from satark.identity.edge_key import Identity
from satark.ingest.spool import Spool
from satark.retention.erasure import ErasedList
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import evidence_files, tables
from satark.store.unit_of_work import consistent_snapshot


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup contains, as counts, and its key."""

    name: str
    key: BackupKey
    tips: int
    spooled: int
    files: int
    """Number of the tips' files. `copied` of them are new."""
    copied: int
    copied_bytes: int
    fetching: int
    """Number of files that were still being fetched, so that the backup does not contain them."""
    removed: int
    """Number of older backups that were removed."""


def make_backup(
    settings: Settings,
    services: Services,
    folder: BackupFolder,
    recipients: Sequence[str],
    *,
    revisions: Sequence[str],
    identity: Identity | None,
    spool: Spool | None,
    keep: int,
) -> Made:
    """Make a backup under load.

    Args:
        settings: the installation's.
        services: the installation's stores.
        folder: where the backup is written.
        recipients: the operator's age recipients, all of one kind; the key of any of them opens it.
        revisions: the revisions of both databases' tables.
        identity: the edge key and epoch keys; None at an office, which has none.
        spool: this machine's spool; None if there is none.
        keep: how many backups to keep, including this one.

    Raises:
        CantOpen: a recipient is malformed.
        Damaged: the folder's files are another installation's, or their index is damaged.
        Busy, SnapshotBusy, OSError, sqlalchemy.exc.SQLAlchemyError: no backup can be made now. What is there of it
            counts as none, and a later one removes it.
    """
    name = folder.begin()
    backup = _Parts(folder, name, recipients)
    if spool is not None and identity is not None:
        backup.add(SPOOL, spool_records(spool, identity))
    with consistent_snapshot(services.main, services.keys) as (main, keys):
        backup.add(MAIN, main_records(main))
        backup.add(KEYS, key_records(keys))
        counts, names = _counts(main), _sealed_names(main)
    copied, copied_bytes = chunked_files(folder, services).update(
        services.evidence, names, lambda: _take_over_erased(settings, services, folder, identity)
    )
    backup.finish(revisions)
    return Made(
        name=name,
        key=backup.key,
        tips=counts["tips"],
        spooled=max(backup.records.get(SPOOL, 0) - 1, 0),
        files=len(names),
        copied=copied,
        copied_bytes=copied_bytes,
        fetching=counts["fetching"],
        removed=folder.remove_old(keep),
    )


class _Parts:
    """The encrypted parts of a backup that is being made."""

    def __init__(self, folder: BackupFolder, name: str, recipients: Sequence[str]) -> None:
        self._folder, self._name, self._recipients = folder, name, tuple(recipients)
        self._recipient, identity = new_identity()
        self.key = BackupKey(identity)
        sealed = seal(self.key, *recipients)
        folder.put(name, KEY, sealed)
        self._parts: dict[str, StoredFile] = {KEY: measure(io.BytesIO(sealed))}
        self.records: dict[str, int] = {}

    def add(self, part: str, records: Iterable[Record]) -> None:
        self._parts[part] = self._folder.write(self._name, part, self._recipient, self._counted(part, records))

    def finish(self, revisions: Sequence[str]) -> None:
        made = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        manifest = Manifest(
            version=__version__,
            made=made,
            revisions=tuple(sorted(revisions)),
            recipients=self._recipients,
            parts=self._parts,
        )
        self._folder.write_manifest(self._name, manifest)

    def _counted(self, part: str, records: Iterable[Record]) -> Iterator[Record]:
        self.records[part] = 0
        for record in records:
            self.records[part] += 1
            yield record


def _counts(main: Connection) -> dict[str, int]:
    of_tips = select(func.count()).select_from(tables.file).where(tables.file.c.tip.in_(select(tables.tip.c.id)))
    return {
        "tips": main.execute(select(func.count()).select_from(tables.tip)).scalar_one(),
        "fetching": main.execute(of_tips.where(tables.file.c.state == "due")).scalar_one(),
    }


def _sealed_names(main: Connection) -> set[str]:
    columns = tables.file.c.tip, tables.file.c.ordinal
    query = select(*columns).where(tables.file.c.state == "sealed", tables.file.c.tip.in_(select(tables.tip.c.id)))
    return {evidence_files.name(row.tip, row.ordinal) for row in main.execute(query)}


def chunked_files(folder: BackupFolder, services: Services) -> ChunkedFiles:
    """Return the sealed files of an installation's backups."""
    return ChunkedFiles(folder.files, f"{folder.address}/{FILES}", services.read_keys(files_key))


def _take_over_erased(
    settings: Settings, services: Services, folder: BackupFolder, identity: Identity | None
) -> Callable[[str], bool]:
    """Complete the folder's list of erased tips; return what says of a tip's id whether it is on the list."""
    if identity is None:
        return lambda _tip: False
    erased, there = ErasedList(settings.erased_list_file, identity), folder.erased()
    tags = services.write_now(lambda unit: erased.complete(unit, there))
    folder.write_erased(tags)
    return lambda tip: erased.tag(tip) in tags
