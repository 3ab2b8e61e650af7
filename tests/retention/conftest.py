"""An installation's store with two desks, an edge key, and a retention service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from satark.api.services import Branch
from satark.identity.edge_key import Identity
from satark.plugins.loader import Plugins
from satark.runtime.retention_job import Retention
from satark.services import Services
from satark.settings.settings import Settings
from support.desks import SeededDesk
from support.store import fresh_services

EDGE = Identity(b"e" * 32)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def plugins() -> Plugins:
    return Plugins.load(())


@pytest.fixture
def services(settings: Settings, plugins: Plugins, databases: Any) -> Iterator[Services]:
    """An empty store, on SQLite and on PostgreSQL in turn."""
    branches: list[Branch] = list(plugins.migrations())
    urls = {"database_url": databases.main, "keys_url": databases.keys}
    services = fresh_services(settings.core.data_dir, branches, **urls)
    yield services
    services.close()


@pytest.fixture
def retention(settings: Settings, services: Services, plugins: Plugins) -> Retention:
    """The retention of the installation, as at its start."""
    retention = Retention(settings, services, EDGE, plugins)
    retention.prepare(services.write_now)
    return retention


@pytest.fixture
def sp(services: Services) -> SeededDesk:
    return SeededDesk(services, "sp")


@pytest.fixture
def dig(services: Services) -> SeededDesk:
    return SeededDesk(services, "dig", "range")
