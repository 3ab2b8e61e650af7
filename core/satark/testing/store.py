"""An empty, migrated store."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from satark.geography.geography import Geography
from satark.services import DeskContext, Services, WorkerContext
from satark.settings import Settings
from satark.store.engines import make_engine
from satark.store.migrations import Branch, Migrations
from satark.store.writer import Writer


def fresh_services(data_dir: Path, branches: Iterable[Branch] = (), **core: Any) -> Services:
    """Create the databases of a data folder and open them as the host does; the caller disposes of the engines.

    Args:
        data_dir: the data folder; every command works on it once `SATARK_DATA_DIR` names it.
        branches: migrations of the plugins' own tables.
        core: further settings, such as `database_url`.
    """
    settings = Settings(data_dir=data_dir, **core)
    main, keys = make_engine(settings.database_url), make_engine(settings.keys_url)
    _migrate(main, keys, tuple(branches))
    return Services(
        main=main,
        keys=keys,
        evidence_dir=settings.evidence_dir,
        geography=Geography.sample(),
        destination_rules=settings.core.destination,
        destination_wait=int(settings.core.destination_wait_minutes * 60),
        retention=settings.core.retention,
        name_key_file=settings.name_key_file,
    )


def _migrate(main: Engine, keys: Engine, branches: tuple[Branch, ...]) -> None:
    """Migrate both databases. New SQLite files get a copy of what the first migration in this process made."""
    files = [Path(engine.url.database or "") for engine in (main, keys) if engine.dialect.name == "sqlite"]
    if len(files) < 2 or any(file.stat().st_size for file in files):  # noqa: PLR2004 - both databases
        Migrations(main, keys, branches).upgrade()
        return
    for file, content in zip(files, _migrated_files(branches), strict=True):
        file.write_bytes(content)


@cache
def _migrated_files(branches: tuple[Branch, ...]) -> tuple[bytes, ...]:
    """Migrate two empty SQLite databases; return their files' contents."""
    with TemporaryDirectory(prefix="satark-migrated-") as folder:
        files = [Path(folder) / name for name in ("main.db", "keys.db")]
        main, keys = (make_engine(f"sqlite:///{file}") for file in files)
        Migrations(main, keys, branches).upgrade()
        main.dispose()
        keys.dispose()
        return tuple(file.read_bytes() for file in files)


def worker_context(services: Services) -> WorkerContext:
    """Make the context that sinks get. Start its `writer` before anything is written through it."""
    return WorkerContext(services, Writer(services.main, services.keys))


def desk_context(services: Services) -> DeskContext:
    """Make the context that officers' pages get. Start its `writer` before anything is written through it."""
    return DeskContext(services, Writer(services.main, services.keys))
