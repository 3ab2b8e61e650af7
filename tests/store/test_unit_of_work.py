"""What a savepoint undoes and what it preserves, in both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from satark.services import Services
from satark.store import tables, tip_changes
from satark.store.unit_of_work import SnapshotBusy, UnitOfWork, consistent_snapshot, unit_of_work
from support.store import fresh_services


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    services = fresh_services(tmp_path / "data", database_url=databases.main, keys_url=databases.keys)
    yield services
    services.main.dispose()
    services.keys.dispose()


def seen(key: bytes) -> dict[str, object]:
    return {"key": key, "day": 1}


def keys_of(services: Services) -> set[bytes]:
    return {bytes(key) for key in services.read(lambda main: main.execute(select(tables.seen.c.key)).scalars().all())}


def test_a_block_that_raises_undoes_only_its_own_rows(services: Services) -> None:
    def write(unit: UnitOfWork) -> None:
        unit.insert(tables.seen, [seen(b"before")])
        unit.queue(tables.seen, [seen(b"queued before")])
        with suppress(ValueError), unit.savepoint():
            unit.insert(tables.seen, [seen(b"inside")])
            unit.queue(tables.seen, [seen(b"queued inside")])
            tip_changes.note(unit, "a tip")
            raise ValueError("planted")
        unit.insert(tables.seen, [seen(b"after")])
        tip_changes.note(unit, "another")
        assert unit.changed_tips == {"another"}
        assert len(unit._last) == 1, "what the block would have written last"

    services.write_now(write)
    assert keys_of(services) == {b"before", b"queued before", b"after"}


def test_a_row_that_can_not_be_written_is_undone_where_it_was_queued(services: Services) -> None:
    def write(unit: UnitOfWork) -> None:
        unit.queue(tables.seen, [seen(b"before")])
        with pytest.raises(SQLAlchemyError), unit.savepoint():
            unit.queue(tables.seen, [{"key": b"inside", "day": None}])

    services.write_now(write)
    assert keys_of(services) == {b"before"}


def test_rows_that_a_block_writes_are_committed_with_the_rest(services: Services) -> None:
    def write(unit: UnitOfWork) -> None:
        with unit.savepoint():
            unit.queue(tables.seen, [seen(b"inside")])

    services.write_now(write)
    assert keys_of(services) == {b"inside"}


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
    monkeypatch.setattr("satark.store.unit_of_work.ATTEMPTS", 2)
    monkeypatch.setattr("satark.store.engines.BUSY_SECONDS", 0.05)
    with unit_of_work(services.main, services.keys) as unit:
        write_both(unit)
        with pytest.raises(SnapshotBusy), consistent_snapshot(services.main, services.keys):
            pass
