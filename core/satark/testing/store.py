"""A fresh store in a folder, migrated and empty."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from satark.dialogue.geography import Geography
from satark.services import Services
from satark.settings import Settings
from satark.store.engines import make_engine
from satark.store.migrations import Branch, Migrations


def fresh_services(data_dir: Path, branches: Iterable[Branch] = ()) -> Services:
    """Make the embedded databases in a folder and lend them out, as the host does. The caller disposes of the engines.

    `branches` are the plugins' own tables. With `SATARK_DATA_DIR` set to the folder, every command works on it.
    """
    settings = Settings(data_dir=data_dir)
    main, keys = make_engine(settings.database_url), make_engine(settings.keys_url, "keys_url")
    Migrations(main, keys, branches).upgrade()
    return Services(main=main, keys=keys, evidence_dir=settings.evidence_dir, geography=Geography.sample())
