"""A store on each database, with two desks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from satark.services import Services
from support.desks import SeededDesk
from support.store import fresh_services


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    """An empty store, on SQLite and on PostgreSQL in turn."""
    services = fresh_services(tmp_path / "data", database_url=databases.main, keys_url=databases.keys)
    yield services
    services.main.dispose()
    services.keys.dispose()


@pytest.fixture
def sp(services: Services) -> SeededDesk:
    return SeededDesk(services, "sp")


@pytest.fixture
def dig(services: Services) -> SeededDesk:
    return SeededDesk(services, "dig", "range")
