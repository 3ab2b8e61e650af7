"""An empty, migrated store."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from satark.api.services import Branch
from satark.delivery.destination_reader import DestinationReader, WorkerContext
from satark.services import DeskContext, Services
from satark.settings.settings import Settings
from satark.store.engines import make_engine
from satark.store.migrations import Migrations
from satark.store.sealed_files import StoredForm
from satark.store.writer import Writer
from satark_files.file_store import FolderStore
from satark_words.geography.geography import Geography


def fresh_services(data_dir: Path, branches: Sequence[Branch] = (), **core: Any) -> Services:
    """Create the databases of a data folder and open them as the host does. The caller disposes of the engines.

    Args:
        data_dir: the data folder; every command works on it once `SATARK_DATA_DIR` names it.
        branches: migrations of the plugins' own tables.
        core: further settings, such as `database_url`.
    """
    services = opened_services(data_dir, **core)
    Migrations(services.main, services.keys, branches).upgrade()
    return services


def opened_services(data_dir: Path, **core: Any) -> Services:
    """Open the databases of a data folder as they are; the arguments are those of `fresh_services`."""
    settings = Settings(data_dir=data_dir, **core)
    main, keys = make_engine(settings.database_url), make_engine(settings.keys_url)
    rules = settings.core.destination
    return Services(settings, main=main, keys=keys, geography=Geography.sample(), destination_rules=rules)


def stored(path: Path) -> StoredForm:
    """Return a sealed file at this path."""
    return StoredForm(FolderStore(path.parent), path.name)


def worker_context(services: Services) -> WorkerContext:
    """Make the context that sinks get. Start its `writer` before anything is written through it."""
    return WorkerContext(services, Writer(services.main, services.keys))


def desk_context(services: Services) -> DeskContext:
    """Make the context that officers' pages get. Start its `writer` before anything is written through it."""
    reader = partial(DestinationReader.named, services)
    return DeskContext(services, Writer(services.main, services.keys), reader=reader)
