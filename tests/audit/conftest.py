"""A store with a station, an SP and a DIG, and a tip that all but the station have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from satark.services import Services
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import SeededTip, seed_file, seed_tip


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    """An empty store, on SQLite and on PostgreSQL in turn."""
    services = fresh_services(tmp_path / "data", database_url=databases.main, keys_url=databases.keys)
    yield services
    services.close()


@pytest.fixture
def sp(services: Services) -> SeededDesk:
    return SeededDesk(services, "sp", "district", "varanasi")


@pytest.fixture
def dig(services: Services) -> SeededDesk:
    return SeededDesk(services, "dig", "range")


@pytest.fixture
def seeded(services: Services, sp: SeededDesk, dig: SeededDesk) -> SeededTip:
    """A tip with a photo and a recording of the tipster's own voice."""
    seeded = seed_tip(services, [sp.desk, dig.desk], evidence=("1", "2"))
    seed_file(services, seeded, "1", b"original photo", b"clean photo", preview=b"small")
    voice: dict[str, Any] = {"kind": "voice", "mime": "audio/ogg", "role": "what"}
    seed_file(services, seeded, "2", b"their voice", b"their clean voice", disguised=b"disguised", **voice)
    return seeded
