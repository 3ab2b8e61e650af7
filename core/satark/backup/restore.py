"""Verifies a backup, and restores it into empty databases of any kind, on the same machine or another one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, delete, select

from satark.backup.chunked_files import ChunkedFiles, damaged_files
from satark.backup.create import chunked_files, open_spool
from satark.backup.folder import FILES, KEYS, MAIN, SPOOL, BackupFolder, BackupKey, Manifest
from satark.backup.rows import MADE_AT_START, filled_tables, load, restore_spool
from satark.backup.sealed_stream import Damaged, Record, read_records
from satark.custody.comparison import compare_stores, take_over_note
from satark.custody.lost_drafts import give_up_drafts
from satark.custody.verify_log import verify_log
from satark.identity.edge_key import Identity
from satark.plugins.loader import Plugins
from satark.retention.erasure import ErasedList
from satark.roster.anchor import Anchor
from satark.roster.chain import read_rows
from satark.roster.entries import describe
from satark.runtime import compose
from satark.runtime.retention_job import Retention
from satark.settings.settings import Settings
from satark.store import canaries, evidence_files, tables
from satark.store.unit_of_work import UnitOfWork
from satark.store.workspace import temporary_folder, workspace_dir


class CantRestore(Exception):  # noqa: N818 - it reads as what it says
    """The backup can't be restored here; the message says why, and what to do. Nothing was changed in the databases."""


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    tips: int
    files: int
    spooled: int
    lost_files: int
    """Number of files that were still being fetched when the backup was made."""
    undone: tuple[str, ...]
    """Changes of the roster since the backup that no longer count, since a key that they brought is in no backup."""
    problems: tuple[str, ...]
    """Damaged sealed files of the backup, missing rows or files of a store, and problems of the custody log."""


def restore_backup(settings: Settings, plugins: Plugins, folder: BackupFolder, name: str, key: BackupKey) -> Restored:
    """Restore the backup `name` into the empty databases that the settings name; then compare the stores.

    Tips that were erased after the backup are erased again. `key`: from `BackupFolder.key`.

    Raises:
        CantRestore: another version made the backup, the databases are not empty, or a key file is not the backup's.
        Damaged, SettingsError: the backup, or a key file, can't be read.
    """
    services = compose.load_services(settings, compose.load_geography(settings))
    try:
        migrations = compose.migrations(services, plugins)
        migrations.upgrade()
        manifest = folder.manifest(name)
        _check_version(tuple(sorted(migrations.current())), manifest.revisions, manifest.version)
        identity = compose.load_identity(settings) if compose.has_edge_key(settings) else None
        with _parts(folder, name, manifest) as parts:
            files = chunked_files(folder, services)

            def read(part: str) -> Iterator[Record]:
                return read_records(
                    parts[part], folder.place(name, part), key.identity, workspace_dir(settings.core.data_dir)
                )

            def is_whole(unit: UnitOfWork) -> bool:
                return manifest.tag == manifest.tag_of(name, unit.keys)

            tips, lost_files = services.write_now(lambda unit: _load(unit, read, identity, files, is_whole))
            undone = tuple(describe(one.body) for one in services.read_keys(services.roster.follow_backup) if one)
            services.roster.take_anchor(Anchor.of([row.entry for row in services.read_keys(read_rows)], ()).encode())
            copied, damaged = files.restore(services.evidence, services.read(_sealed_names))
            spooled = 0
            take_over_note(services, files.note())
            if identity is not None:
                erased = ErasedList(settings.erased_list_file, identity, services.keys)
                services.write_now(lambda unit: erased.complete(unit, folder.erased()))
                Retention(settings, services, identity, plugins).prepare(services.write_now)
                if SPOOL in parts:
                    spooled = restore_spool(open_spool(settings, identity), identity, read(SPOOL))
        lost = [f"{one} is damaged in the backup" for one in damaged]
        problems = (*map(str, (*compare_stores(services), *verify_log(services).problems)), *lost)
        return Restored(
            tips=tips, files=copied, spooled=spooled, lost_files=lost_files, undone=undone, problems=problems
        )
    finally:
        services.close()


@contextmanager
def _parts(folder: BackupFolder, name: str, manifest: Manifest) -> Iterator[dict[str, BinaryIO]]:
    """Open all parts of a backup. Raises Damaged: a part is missing or altered; the message names it."""
    with ExitStack() as opened:
        of = manifest.parts.items()
        yield {part: opened.enter_context(folder.open(name, part, stored)) for part, stored in of}


def _load(
    unit: UnitOfWork,
    read: Callable[[str], Iterator[Record]],
    identity: Identity | None,
    files: ChunkedFiles,
    is_whole: Callable[[UnitOfWork], bool],
) -> tuple[int, int]:
    """Load both databases; return the numbers of tips and of lost files."""
    filled = [*filled_tables(unit.main), *filled_tables(unit.keys)]
    if filled:
        raise CantRestore(f"the databases are not empty (tables {', '.join(filled)}): name new ones in the settings")
    for table in MADE_AT_START:
        (unit.keys if table.metadata is tables.keys else unit.main).execute(delete(table))
    load(unit.keys, read(KEYS))
    counts = load(unit.main, read(MAIN))
    _check_keys(unit, identity)
    if not is_whole(unit):
        raise CantRestore("this is not the backup that was made under this name: parts of it are another's, or gone")
    unit.main.execute(delete(tables.key_canary).where(tables.key_canary.c.name == canaries.STORE))
    files.note()  # a list that can't be read is told before anything is changed
    lost = unit.main.execute(select(tables.file.c.tip).where(tables.file.c.state == "due")).all()
    if identity is not None:
        give_up_drafts(unit, identity)
    return counts.get(tables.tip.name, 0), len(lost)


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
) -> Restored:
    """Restore a backup beside the installation, compare the restored stores, and remove all of it.

    The machine's own databases are not touched. The restored ones are in its memory, sealed files in its data folder.
    The drill needs the machine's key files and the backup's key. `opens` opens a tip with the restored settings, and
    returns problems.

    Raises:
        CantRestore, Damaged, SettingsError: the backup can't be restored; the message says why.
    """
    data_dir = settings.core.data_dir
    with temporary_folder(workspace_dir(data_dir)) as temporary, TemporaryDirectory(dir=data_dir) as files:
        trial = _trial_settings(settings, temporary, Path(files))
        restored = restore_backup(trial, plugins, folder, name, key)
        return replace(restored, problems=(*restored.problems, *opens(trial)))


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
