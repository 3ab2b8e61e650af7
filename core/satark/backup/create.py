"""Makes a backup: first the spool, then both databases at one point, then the files, then the list of erased tips.

This order loses nothing. If a batch leaves the spool before the spool is read, the batch is in the databases. If a row
names a file, the file was sealed before that row was written. A tip that is erased meanwhile is on the list.
"""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection, func, select

from satark.api.sealing import new_identity, seal
from satark.backup.chunked_files import ChunkedFiles, files_key
from satark.backup.folder import FILES, KEY, KEYS, MAIN, SPOOL, BackupFolder, BackupKey
from satark.backup.rows import key_records, main_records, spool_records
from satark.custody.comparison import note_for_backup
from satark.identity.edge_key import Identity
from satark.ingest.spool import Spool
from satark.plugins.loader import Plugins
from satark.retention.erasure import ErasedList
from satark.runtime import compose
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import evidence_files, tables
from satark.store.unit_of_work import consistent_snapshot


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a backup, as counts, and its key."""

    name: str
    key: BackupKey
    tips: int
    spooled: int
    files: int
    """Number of the tips' files. `copied` of them are new."""
    copied: int
    copied_bytes: int
    fetching: int
    """Number of files that were still being fetched, so they are not in the backup."""
    removed: int
    """Number of older backups that were removed."""


def make_backup(
    settings: Settings,
    services: Services,
    plugins: Plugins,
    folder: BackupFolder,
    *,
    recipients: Sequence[str],
    keep: int,
) -> Made:
    """Make a backup under load, and remove all but the `keep` newest.

    `recipients`: the operator's age recipients, all of one kind; any one's key opens the backup.

    Raises:
        CantOpen: a recipient is malformed.
        SettingsError: the edge key can't be read, or is not the databases'.
        Damaged: the folder's files are another installation's, or their index is damaged.
        Busy, SnapshotBusy, OSError, sqlalchemy.exc.SQLAlchemyError: no backup can be made now. An unfinished backup
        counts as none, and a later one removes it.
    """
    identity = compose.load_identity(settings) if compose.has_edge_key(settings) else None  # an office has none
    compose.check_canaries(identity, services)
    name, note = folder.begin(), note_for_backup(services)  # the snapshot, which comes later, has at least that
    recipient, secret = new_identity()
    key, spooled = BackupKey(secret), 0
    parts = {KEY: folder.put(name, KEY, seal(key, *recipients))}
    if identity is not None:
        spool = open_spool(settings, identity)
        spooled = len(spool.names())
        parts[SPOOL] = folder.write(name, SPOOL, recipient, spool_records(spool, identity))
    with consistent_snapshot(services.main, services.keys) as (main, keys):
        parts[MAIN] = folder.write(name, MAIN, recipient, main_records(main))
        parts[KEYS] = folder.write(name, KEYS, recipient, key_records(keys))
        counts, names = _counts(main), _sealed_names(main)
    copied, copied_bytes = chunked_files(folder, services).update(
        services.evidence, names, lambda: _take_over_erased(settings, services, folder, identity), note
    )
    revisions = tuple(sorted(compose.migrations(services, plugins).current()))
    content = {"revisions": revisions, "recipients": tuple(recipients), "parts": parts}
    services.read_keys(lambda keys: folder.write_manifest(name, keys, **content))
    services.read_keys(folder.drop_spools)
    return Made(
        name=name,
        key=key,
        tips=counts["tips"],
        spooled=spooled,
        files=len(names),
        copied=copied,
        copied_bytes=copied_bytes,
        fetching=counts["fetching"],
        removed=folder.remove_old(keep),
    )


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


def open_spool(settings: Settings, identity: Identity) -> Spool:
    core = settings.core
    return Spool(settings.spool_dir, identity, max_files=core.spool_max_files, max_bytes=core.spool_max_bytes)


def chunked_files(folder: BackupFolder, services: Services) -> ChunkedFiles:
    """Return the sealed files of an installation's backups."""
    return ChunkedFiles(folder.files, f"{folder.address}/{FILES}", services.read_keys(files_key))


def _take_over_erased(
    settings: Settings, services: Services, folder: BackupFolder, identity: Identity | None
) -> Callable[[str], bool]:
    """Complete the folder's list of erased tips; return a function that tells if a tip's id is on the list."""
    if identity is None:
        return lambda _tip: False
    erased, there = ErasedList(settings.erased_list_file, identity, services.keys), folder.erased()
    tags = services.write_now(lambda unit: erased.complete(unit, there))
    folder.write_erased(tags)
    return lambda tip: erased.tag(tip) in tags
