"""A store on each database, with three desks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from satark.services import Services
from support.desks import Office, SeededDesk
from support.releases import seed_told_tip
from support.store import fresh_services
from support.tips import SeededTip


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


@pytest.fixture
def lanka(services: Services) -> SeededDesk:
    return SeededDesk(services, "lanka", "station", "lanka")


@pytest.fixture
def offices(services: Services, sp: SeededDesk, dig: SeededDesk, lanka: SeededDesk) -> dict[str, Office]:
    """An officer of each of the three desks, acting by the rules."""
    return {desk.desk.name: Office(services, desk) for desk in (sp, dig, lanka)}


@pytest.fixture
def tip(services: Services, sp: SeededDesk, dig: SeededDesk, offices: dict[str, Office]) -> SeededTip:
    """A tip at the SP and the DIG, with a file, a message of the tipster and a note of the SP."""
    return seed_told_tip(services, [sp.desk, dig.desk], offices["sp"])
