"""A snapshot of both databases: later commits are not in it, and it waits for a commit of both that is under way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from satark.services import Services
from satark.store import snapshot, tables
from satark.store.snapshot import SnapshotBusy, consistent_snapshot
from satark.store.unit_of_work import UnitOfWork, unit_of_work
from support.store import fresh_services


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    services = fresh_services(tmp_path / "data", database_url=databases.main, keys_url=databases.keys)
    yield services
    services.close()


def write_both(unit: UnitOfWork) -> None:
    unit.insert(tables.seen, [{"key": b"k" * 16, "day": 1}])
    unit.keys.execute(tables.erased_tip.insert().values(tag=b"t" * 16))


def counts(main: Connection, keys: Connection) -> tuple[int, int]:
    found = [
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for connection, table in ((main, tables.seen), (keys, tables.erased_tip))
    ]
    return found[0], found[1]


def test_a_commit_during_a_snapshot_is_in_neither_database_of_it(services: Services) -> None:
    with consistent_snapshot(services.main, services.keys) as (main, keys):
        services.write_now(write_both)
        assert counts(main, keys) == (0, 0)
    with consistent_snapshot(services.main, services.keys) as (main, keys):
        assert counts(main, keys) == (1, 1)


def test_a_transaction_that_writes_to_both_databases_without_end_is_reported(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "ATTEMPTS", 2)
    monkeypatch.setattr("satark.store.engines.BUSY_SECONDS", 0.05)
    with unit_of_work(services.main, services.keys) as unit:
        write_both(unit)
        with pytest.raises(SnapshotBusy), consistent_snapshot(services.main, services.keys):
            pass
