"""A store with one desk, whose tips have files and so a custody log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from satark.desk import Desk
from satark.identity.sealing import new_identity
from satark.routing.desks import add_desk
from satark.services import Services
from satark.testing.store import fresh_services


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """A migrated store."""
    services = fresh_services(tmp_path)
    yield services
    services.close()


@pytest.fixture
def key() -> tuple[str, str]:
    """The desk's key pair."""
    return new_identity()


@pytest.fixture
def desk(services: Services, key: tuple[str, str]) -> Desk:
    """The desk `sp`."""
    desk = Desk(name="sp", title="SP", level="district", area="", recipient=key[0])
    services.write_now(lambda unit: add_desk(unit, desk))
    return desk
