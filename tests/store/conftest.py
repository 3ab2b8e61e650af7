"""A workspace and a store for one test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from satark.services import Services
from satark.store.workspace import workspace_dir
from support.store import fresh_services


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    """The workspace of an installation in `tmp_path`, which must be empty after the test."""
    folder = workspace_dir(tmp_path)
    yield folder
    left = list(folder.rglob("*"))
    folder.rmdir()
    assert left == []


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    """An empty store, on SQLite and on PostgreSQL in turn."""
    services = fresh_services(tmp_path / "data", database_url=databases.main, keys_url=databases.keys)
    yield services
    services.main.dispose()
    services.keys.dispose()
