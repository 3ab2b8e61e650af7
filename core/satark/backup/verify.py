"""Verifies that a backup's folder holds what was written. A drill verifies that the backup can be restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from satark.backup import files
from satark.backup.folder import BackupFolder
from satark.backup.restore import Restored, check_parts, restore_backup
from satark.backup.sealed_stream import Damaged
from satark.custody.audit import verify_log
from satark.custody.comparison import compare_stores
from satark.identity.edge_key import Identity
from satark.ingest.spool import Spool
from satark.plugins.loader import Plugins
from satark.runtime import compose
from satark.runtime.retention_job import Retention
from satark.services import Services
from satark.settings.settings import Settings
from satark.store.workspace import temporary_folder, workspace_dir


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a restore into a temporary folder."""

    restored: Restored
    problems: tuple[str, ...]


def find_damage(folder: BackupFolder, name: str) -> list[str]:
    """Return the damaged parts and files of a backup, by its manifest and its list. Needs no key."""
    try:
        check_parts(folder, name)
    except Damaged as damaged:
        return [str(damaged)]
    return [f"{folder.files / file} is missing or was altered" for file in files.damaged_files(folder.files)]


def run_drill(settings: Settings, plugins: Plugins, folder: BackupFolder, name: str, operator: str) -> Drill:
    """Restore a backup into a temporary folder of this machine, compare the restored stores, and remove the folder.

    The machine's own databases are not touched. The drill needs the machine's key files and a private key (`operator`).

    Raises:
        CantRestore, Damaged, CantOpen, SettingsError: the backup can't be restored; the message says why.
    """
    with temporary_folder(workspace_dir(settings.core.data_dir)) as temporary:
        trial = _trial_settings(settings, temporary)
        with _opened(trial, plugins) as (services, identity):
            restored = restore_backup(
                trial,
                services,
                folder,
                name,
                operator,
                revisions=compose.migrations(services, plugins).current(),
                identity=identity,
                spool=open_spool(trial, identity),
                retention=Retention(trial, services, identity, plugins) if identity else None,
            )
            return Drill(restored=restored, problems=tuple(store_problems(services)))


def store_problems(services: Services) -> list[str]:
    """Return the problems of restored stores: rows or files that a store lacks, and problems of the custody log."""
    return [*map(str, compare_stores(services)), *map(str, verify_log(services).problems)]


def open_spool(settings: Settings, identity: Identity | None) -> Spool | None:
    """Open this machine's spool; None without the edge key."""
    core = settings.core
    if identity is None:
        return None
    return Spool(settings.spool_dir, identity, max_files=core.spool_max_files, max_bytes=core.spool_max_bytes)


def _trial_settings(settings: Settings, temporary: Path) -> Settings:
    return Settings(
        settings.path,
        data_dir=temporary,
        database_url="",
        keys_url="",
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
