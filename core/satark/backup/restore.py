"""Verifies a backup, and restores it into empty databases of any kind, on the same machine or another one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection, delete, select

from satark.backup.create import chunked_files
from satark.backup.files import ChunkedFiles, damaged_files
from satark.backup.folder import FILES, KEYS, MAIN, SPOOL, BackupFolder, BackupKey, Manifest
from satark.backup.rows import MADE_AT_START, filled_tables, load, restore_spool
from satark.backup.sealed_stream import Damaged, Record, read_records
from satark.custody.comparison import compare_stores
from satark.custody.verify_log import verify_log
from satark.identity.edge_key import Identity
from satark.ingest.spool import Spool
from satark.plugins.loader import Plugins
from satark.retention.erasure import ErasedList
from satark.runtime import compose
from satark.runtime.retention_job import Retention
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import canaries, evidence_files, tables
from satark.store.unit_of_work import UnitOfWork
from satark.store.workspace import temporary_folder, workspace_dir


class CantRestore(Exception):  # noqa: N818 - it reads as what it says
    """The backup can't be restored here; the message says why, and what to do. Nothing was changed in the databases."""


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was restored, as counts."""

    tips: int
    files: int
    spooled: int
    lost_files: int
    """Number of files that were still being fetched when the backup was made."""
    damaged: tuple[str, ...]
    """Names of sealed files that are damaged in the backup."""


def restore_backup(
    settings: Settings,
    services: Services,
    folder: BackupFolder,
    name: str,
    key: BackupKey,
    *,
    revisions: Sequence[str],
    identity: Identity | None,
    spool: Spool | None,
    retention: Retention | None,
) -> Restored:
    """Restore the backup `name` into migrated, empty databases.

    `key`: from `BackupFolder.key`. `retention`: erases again the tips that were erased after the backup; None at an
    office. The other arguments are those of `make_backup`.

    Raises:
        CantRestore: another version made the backup, the databases are not empty, or a key file is not the backup's.
        Damaged: the backup can't be read.
    """
    manifest = folder.manifest(name)
    _check_version(tuple(sorted(revisions)), manifest.revisions, manifest.version)
    workspace, files, spooled = workspace_dir(settings.core.data_dir), chunked_files(folder, services), 0
    with _parts(folder, name, manifest) as parts:

        def read(part: str) -> Iterator[Record]:
            return read_records(parts[part], folder.place(name, part), key.identity, workspace)

        loaded = services.write_now(lambda unit: _load(unit, read, identity, files))
        copied, damaged = files.restore(services.evidence, services.read(_sealed_names))
        if identity is not None:
            erased = ErasedList(settings.erased_list_file, identity)
            services.write_now(lambda unit: erased.complete(unit, folder.erased()))
        if retention is not None:
            retention.prepare(services.write_now)
        if spool is not None and identity is not None and SPOOL in parts:
            spooled = restore_spool(spool, identity, read(SPOOL))
    return Restored(
        tips=loaded.tips, files=copied, spooled=spooled, lost_files=loaded.lost_files, damaged=tuple(damaged)
    )


@contextmanager
def _parts(folder: BackupFolder, name: str, manifest: Manifest) -> Iterator[dict[str, BinaryIO]]:
    """Open all parts of a backup. Raises Damaged: a part is missing or altered; the message names it."""
    with ExitStack() as opened:
        of = manifest.parts.items()
        yield {part: opened.enter_context(folder.open(name, part, stored)) for part, stored in of}


class _Loaded(msgspec.Struct, frozen=True):
    tips: int
    lost_files: int


def _load(
    unit: UnitOfWork, read: Callable[[str], Iterator[Record]], identity: Identity | None, files: ChunkedFiles
) -> _Loaded:
    filled = [*filled_tables(unit.main), *filled_tables(unit.keys)]
    if filled:
        raise CantRestore(f"the databases are not empty (tables {', '.join(filled)}): name new ones in the settings")
    for table in MADE_AT_START:
        unit.main.execute(delete(table))
    load(unit.keys, read(KEYS))
    counts = load(unit.main, read(MAIN))
    _check_keys(unit, identity)
    unit.main.execute(delete(tables.key_canary).where(tables.key_canary.c.name == canaries.STORE))
    files.check()
    lost = unit.main.execute(select(tables.file.c.tip).where(tables.file.c.state == "due")).all()
    if identity is not None:
        canaries.forget_drafts(unit, identity)
    return _Loaded(counts.get(tables.tip.name, 0), len(lost))


def _check_keys(unit: UnitOfWork, identity: Identity | None) -> None:
    if wrong := canaries.wrong_keys(unit, identity):
        text = " and ".join(_KEY_FILES[one] for one in wrong)
        raise CantRestore(f"{text} is another than the backup's: put the right file there first")


_KEY_FILES = {
    canaries.EDGE: "the edge key (SATARK_EDGE_KEY_FILE)",
    canaries.NAMES: "the name key (SATARK_NAME_KEY_FILE)",
}


def _check_version(here: Sequence[str], there: Sequence[str], version: str) -> None:
    if tuple(here) != tuple(there):
        raise CantRestore(
            f"the backup's tables are {', '.join(there)} (version {version}), here they are {', '.join(here)}: "
            "restore with that version and those plugins, then upgrade"
        )


def _sealed_names(connection: Connection) -> set[str]:
    query = select(tables.file.c.tip, tables.file.c.ordinal).where(tables.file.c.state == "sealed")
    return {evidence_files.name(row.tip, row.ordinal) for row in connection.execute(query)}


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a restore into a temporary folder."""

    restored: Restored
    problems: tuple[str, ...]


def find_damage(folder: BackupFolder, name: str) -> list[str]:
    """Return the damaged parts and files of a backup, by its manifest and its list. Needs no key."""
    try:
        with _parts(folder, name, folder.manifest(name)):
            return damaged_files(folder.files, f"{folder.address}/{FILES}")
    except Damaged as damaged:
        return [str(damaged)]


def run_drill(
    settings: Settings,
    plugins: Plugins,
    folder: BackupFolder,
    name: str,
    key: BackupKey,
    *,
    opens: Callable[[Settings], Iterable[str]] = lambda _: (),
) -> Drill:
    """Restore a backup beside the installation, compare the restored stores, and remove all of it.

    The machine's own databases are not touched. The restored ones lie in its memory, sealed files in its data folder.
    The drill needs the machine's key files and the backup's key. `opens` opens a tip with the settings of what was
    restored, and returns problems.

    Raises:
        CantRestore, Damaged, SettingsError: the backup can't be restored; the message says why.
    """
    data_dir = settings.core.data_dir
    with temporary_folder(workspace_dir(data_dir)) as temporary, TemporaryDirectory(dir=data_dir) as files:
        trial = _trial_settings(settings, temporary, Path(files))
        with _opened(trial, plugins) as (services, identity):
            restored = restore_backup(
                trial,
                services,
                folder,
                name,
                key,
                revisions=compose.migrations(services, plugins).current(),
                identity=identity,
                spool=open_spool(trial, identity),
                retention=Retention(trial, services, identity, plugins) if identity else None,
            )
            return Drill(restored=restored, problems=(*store_problems(services), *opens(trial)))


def store_problems(services: Services) -> list[str]:
    """Return the problems of restored stores: rows or files that a store lacks, and problems of the custody log."""
    return [*map(str, compare_stores(services)), *map(str, verify_log(services).problems)]


def open_spool(settings: Settings, identity: Identity | None) -> Spool | None:
    """Open this machine's spool; None without the edge key."""
    core = settings.core
    if identity is None:
        return None
    return Spool(settings.spool_dir, identity, max_files=core.spool_max_files, max_bytes=core.spool_max_bytes)


def _trial_settings(settings: Settings, temporary: Path, files: Path) -> Settings:
    return Settings(
        settings.path,
        data_dir=temporary,
        database_url="",
        keys_url="",
        storage_url=files.absolute().as_uri(),
        edge_key_file=settings.edge_key_file,
        name_key_file=settings.name_key_file,
        epoch_key_file=temporary / "epoch.keys",
        erased_list_file=None,
    )


@contextmanager
def _opened(settings: Settings, plugins: Plugins) -> Iterator[tuple[Services, Identity | None]]:
    services = compose.load_services(settings, compose.load_geography(settings))
    try:
        compose.migrations(services, plugins).upgrade()
        yield services, compose.load_identity(settings) if compose.has_edge_key(settings) else None
    finally:
        services.close()
