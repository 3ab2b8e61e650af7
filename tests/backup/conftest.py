"""An installation with a desk, and another place to restore it to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from satark.backup.folder import BackupFolder
from support.backups import Place, make_place
from support.desks import SeededDesk


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    """The installation, on SQLite."""
    place = make_place(tmp_path / "here")
    place.retention().prepare(place.services.write_now)
    yield place
    place.services.close()


@pytest.fixture
def either(tmp_path: Path, databases: Any) -> Iterator[Place]:
    """The installation, on SQLite and on PostgreSQL in turn."""
    place = make_place(tmp_path / "either", database_url=databases.main, keys_url=databases.keys)
    place.retention().prepare(place.services.write_now)
    yield place
    place.services.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Place]:
    """An empty installation on SQLite, with the same edge key and name key."""
    place = make_place(tmp_path / "elsewhere")
    yield place
    place.services.close()


@pytest.fixture
def sp(here: Place) -> SeededDesk:
    return SeededDesk(here.services, "sp")


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.slow("a server"))])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> BackupFolder:
    """An empty folder for backups, on the disk and in a bucket in turn."""
    is_bucket = request.param == "bucket"
    return BackupFolder(request.getfixturevalue("bucket") if is_bucket else str(tmp_path / "backups"), tmp_path)
