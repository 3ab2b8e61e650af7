"""The sealed column of what desks said of a tip's keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.services import Services
from satark.store import changed_keys
from satark.store.tables import tip
from satark.store.unit_of_work import UnitOfWork
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import seed_tip


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    services = fresh_services(tmp_path / "data", database_url=databases.main, keys_url=databases.keys)
    yield services
    services.main.dispose()
    services.keys.dispose()


@pytest.fixture
def sp(services: Services) -> SeededDesk:
    return SeededDesk(services, "sp")


def columns(services: Services) -> dict[str, bytes]:
    return {row.id: row.key_changes for row in services.read(lambda c: c.execute(select(tip)).all())}


def test_all_rows_have_one_size_whatever_is_stored_of_whom(services: Services, sp: SeededDesk) -> None:
    first, other = (seed_tip(services, [sp.desk]).id for _ in range(2))
    for size in (5, 5000, 10, 20_000):
        told = b"x" * size
        services.write_now(lambda unit, told=told: changed_keys.store(unit, first, told))  # type: ignore[misc]
        new = services.write_now(lambda unit: changed_keys.first(unit, "new"))
        assert len({len(new), *map(len, columns(services).values())}) == 1
        assert told not in columns(services)[first]

        def read(unit: UnitOfWork) -> list[bytes | None]:
            return [changed_keys.read(unit, one) for one in (first, other, "unknown")]

        assert services.write_now(read) == [told, b"", None]


def test_before_any_tip_has_a_new_key_all_rows_are_empty(services: Services, sp: SeededDesk) -> None:
    seed_tip(services, [sp.desk])
    assert services.write_now(lambda unit: changed_keys.first(unit, "new")) == b""
    services.write_now(changed_keys.seal_again)
    assert set(columns(services).values()) == {b""}


def test_a_row_of_an_earlier_version_is_read_and_then_sealed(services: Services, sp: SeededDesk) -> None:
    older, other = (seed_tip(services, [sp.desk]).id for _ in range(2))
    services.write_now(
        lambda unit: unit.main.execute(update(tip).where(tip.c.id == older).values(key_changes=b"in clear"))
    )
    assert services.write_now(lambda unit: changed_keys.read(unit, older)) == b"in clear"
    services.write_now(lambda unit: changed_keys.store(unit, other, b"new"))
    assert b"in clear" not in columns(services)[older]
    assert services.write_now(lambda unit: changed_keys.read(unit, older)) == b"in clear"
