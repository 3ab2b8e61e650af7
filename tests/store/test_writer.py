"""The writer: many writes in one commit, each with its own outcome, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from satark.store.engines import checkpoint, make_engine
from satark.store.migrations import Migrations
from satark.store.tables import envelope, seen
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import StoreDown, Writer


class Ledger:
    """A grouped write: notes the batches that it was given, and stores each item."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []

    def __call__(self, unit: UnitOfWork, items: Sequence[bytes]) -> Sequence[Any]:
        self.batches.append(list(items))
        new = unit.insert_new(seen, [{"key": item, "day": 1} for item in items], "key")
        if b"poison" in items:
            raise ValueError("poison")
        return [item in new for item in items]


class Store:
    """A writer on fresh databases."""

    def __init__(self, databases: Any) -> None:
        self.main: Engine = make_engine(databases.main)
        self.keys: Engine = make_engine(databases.keys)
        Migrations(self.main, self.keys, []).upgrade()
        self.ledger = Ledger()
        self.writer = Writer(self.main, self.keys, grouped=self.ledger, batch=10)

    def count(self) -> int:
        with self.main.connect() as connection:
            return connection.execute(select(func.count()).select_from(seen)).scalar_one()


@pytest.fixture
async def store(databases: Any) -> AsyncIterator[Store]:
    made = Store(databases)
    made.writer.start()
    yield made
    await made.writer.stop()
    made.main.dispose()
    made.keys.dispose()


async def test_what_arrives_together_is_committed_together(store: Store) -> None:
    results = await asyncio.gather(*(store.writer.take(bytes([i])) for i in range(25)))
    assert results == [True] * 25
    assert [len(batch) for batch in store.ledger.batches] == [10, 10, 5]
    assert store.count() == 25


async def test_a_poisonous_item_fails_alone(store: Store) -> None:
    items = [b"a", b"poison", b"b"]
    results = await asyncio.gather(*(store.writer.take(item) for item in items), return_exceptions=True)
    assert [type(result) for result in results] == [bool, ValueError, bool]
    assert store.count() == 2


async def test_a_write_that_fails_undoes_itself_and_nobody_else(store: Store) -> None:
    def failing(unit: UnitOfWork) -> None:
        unit.insert(seen, [{"key": b"x", "day": 1}])
        raise KeyError("no")

    outcomes = await asyncio.gather(store.writer.write(failing), store.writer.take(b"a"), return_exceptions=True)
    assert isinstance(outcomes[0], KeyError)
    assert outcomes[1] is True
    assert store.count() == 1


async def test_a_later_write_goes_with_the_next_batch(store: Store) -> None:
    store.writer.later(lambda unit: unit.insert(seen, [{"key": b"l", "day": 1}]))
    await store.writer.write(lambda unit: None)
    assert store.count() == 1


async def test_the_key_store_is_committed_with_it(store: Store) -> None:
    rows = [{"tip": "t", "desk": "sp", "sealed": b"1"}]
    await store.writer.write(lambda unit: unit.replace(envelope, rows))
    await store.writer.write(lambda unit: unit.replace(envelope, [{**rows[0], "sealed": b"2"}]))
    with store.keys.connect() as connection:
        assert connection.execute(select(envelope.c.sealed)).scalars().all() == [b"2"]


async def test_what_fails_leaves_nothing_in_the_key_store(store: Store) -> None:
    def failing(unit: UnitOfWork) -> None:
        unit.replace(envelope, [{"tip": "t", "desk": "sp", "sealed": b"1"}])
        raise KeyError("no")

    with pytest.raises(KeyError):
        await store.writer.write(failing)
    with store.keys.connect() as connection:
        assert connection.execute(select(envelope)).all() == []


async def test_a_database_that_is_gone_is_said_to_be_down(store: Store) -> None:
    with store.main.begin() as connection:
        connection.execute(text("ALTER TABLE seen RENAME TO gone"))
    with pytest.raises((StoreDown, Exception)):
        await store.writer.take(b"a")
    with store.main.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO seen"))
    assert await store.writer.take(b"a") is True


async def test_two_writers_take_an_event_once(databases: Any, store: Store) -> None:
    other = Writer(store.main, store.keys, grouped=Ledger())
    other.start()
    outcomes = await asyncio.gather(*(writer.take(b"same") for writer in (store.writer, other) for _ in range(5)))
    await other.stop()
    assert outcomes.count(True) >= 1
    assert store.count() == 1


async def test_stopping_carries_out_what_waits(databases: Any, store: Store) -> None:
    other = Writer(store.main, store.keys, grouped=Ledger(), batch=2)
    other.start()
    for i in range(9):
        other.later(lambda unit, i=i: unit.insert(seen, [{"key": bytes([i]), "day": 1}]))  # type: ignore[misc]
    await other.stop()
    assert store.count() == 9


async def test_a_writer_that_was_not_started_says_so(databases: Any) -> None:
    engine = make_engine(databases.main)
    with pytest.raises(RuntimeError, match="not started"):
        await Writer(engine, engine).write(lambda unit: None)
    engine.dispose()


def test_sqlite_erases_what_is_deleted(tmp_path: Any) -> None:
    path = tmp_path / "main.db"
    engine = make_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x BLOB)"))
        connection.execute(text("INSERT INTO t VALUES ('shred-me-completely')"))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM t"))
    assert b"shred-me-completely" in (tmp_path / "main.db-wal").read_bytes()
    checkpoint(engine)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    engine.dispose()
    assert b"shred-me-completely" not in stored
