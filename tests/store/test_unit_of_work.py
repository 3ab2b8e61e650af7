"""What a savepoint undoes and what it preserves, in both databases."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from satark.services import Services
from satark.store import engines as engine_settings
from satark.store import tables, tip_changes
from satark.store.unit_of_work import SnapshotBusy, UnitOfWork, consistent_snapshot, unit_of_work
from satark_testing.waiting import until
from support.peers.relay import Relay
from support.store import fresh_services


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


@pytest.mark.slow("a second")
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_machine_that_falls_silent_does_not_hold_both_databases_for_long(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy between answers for it, so that only its silence tells. It took 300 s, in which no backup was made."""
    services = fresh_services(tmp_path, database_url=databases.main, keys_url=databases.keys)
    shown = ("idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout")
    told = services.read(lambda c: [c.execute(text(f"SHOW {one}")).scalar_one() for one in shown])
    assert told == ["1min", "1min", "5s"]
    shorter = tuple(one.replace("'60s'", "'1s'") for one in engine_settings._SERVER_TIMEOUTS)
    monkeypatch.setattr(engine_settings, "_SERVER_TIMEOUTS", shorter)
    url = make_url(databases.main)
    socket = f"{url.query['host']}/.s.PGSQL.{url.query.get('port', 5432)}" if "host" in url.query else url.port or 5432
    relay = Relay(socket)
    await relay.start()
    elsewhere = url.set(host="127.0.0.1", port=relay.port, query={}).render_as_string(hide_password=False)
    other = engine_settings.make_engine(elsewhere)

    def is_free() -> bool:
        with suppress(SnapshotBusy), consistent_snapshot(services.main, services.keys):
            return True
        return False

    monkeypatch.setattr("satark.store.unit_of_work.ATTEMPTS", 1)
    dead = await asyncio.to_thread(lambda: UnitOfWork(other.connect(), services.keys.connect))
    await asyncio.to_thread(lambda: dead.keys)
    async with relay.silent():
        assert not await asyncio.to_thread(is_free)
        await until(lambda: asyncio.to_thread(is_free), every=0.1)
    await relay.stop()
    dead.main.invalidate()
    dead.keys.close()
    other.dispose()
    services.close()
