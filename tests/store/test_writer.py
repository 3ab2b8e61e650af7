"""Writer: many writes in one commit, in order, each with its own result."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import OperationalError

from satark.store.engines import make_engine
from satark.store.migrations import Migrations
from satark.store.tables import envelope, seen
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import Bounds, StoreDown, Writer


class RecordingWrite:
    """A grouped write that records the batches that it gets, and stores each item."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.threads: list[threading.Thread] = []

    def __call__(self, unit: UnitOfWork, items: Sequence[bytes]) -> Sequence[Any]:
        self.threads.append(threading.current_thread())
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
        self.grouped = RecordingWrite()
        self.writer = Writer(self.main, self.keys, grouped=self.grouped, bounds=Bounds(10))

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


async def test_items_of_one_loop_iteration_are_committed_in_batches(store: Store) -> None:
    results = await asyncio.gather(*(store.writer.write_grouped(bytes([i])) for i in range(25)))
    assert results == [True] * 25
    assert [len(batch) for batch in store.grouped.batches] == [10, 10, 5]
    assert store.count() == 25


async def test_a_transaction_begins_once_the_event_loop_has_read_all_that_has_come(store: Store) -> None:
    async def come(iterations: int) -> None:
        for _ in range(iterations):
            await asyncio.sleep(0)
        await store.writer.write_grouped(bytes([iterations]))

    await asyncio.gather(*(come(iterations) for iterations in range(5)))
    assert [len(batch) for batch in store.grouped.batches] == [5]


async def test_an_endless_stream_of_writes_does_not_delay_a_transaction(store: Store) -> None:
    first, *more = [asyncio.ensure_future(store.writer.write_grouped(b"first"))]
    for number in range(20_000):
        more.append(asyncio.ensure_future(store.writer.write_grouped(number.to_bytes(4, "big"))))
        await asyncio.sleep(0)
        if store.grouped.batches:
            break
    assert len(store.grouped.batches[0]) == 10
    assert await first is True
    await asyncio.gather(*more)


async def test_items_above_the_limit_are_refused_and_the_others_written(databases: Any) -> None:
    store = Store(databases)
    store.writer = Writer(store.main, store.keys, grouped=store.grouped, bounds=Bounds(10, waiting=20))
    store.writer.start()
    results = await asyncio.gather(
        *(store.writer.write_grouped(bytes([i]), bytes([i + 1])) for i in range(25)), return_exceptions=True
    )
    assert results[:20] == [True] * 20
    assert [type(one) for one in results[20:]] == [StoreDown] * 5
    assert await store.writer.write_grouped(b"later") is True
    await store.writer.stop()
    store.main.dispose()
    store.keys.dispose()


async def test_an_item_that_raises_fails_alone(store: Store) -> None:
    items = [b"a", b"poison", b"b"]
    results = await asyncio.gather(*(store.writer.write_grouped(item) for item in items), return_exceptions=True)
    assert [type(result) for result in results] == [bool, ValueError, bool]
    assert store.count() == 2


async def test_only_the_failed_write_is_rolled_back(store: Store) -> None:
    def failing(unit: UnitOfWork) -> None:
        unit.insert(seen, [{"key": b"x", "day": 1}])
        raise KeyError("no")

    writes = store.writer.write(failing), store.writer.write_grouped(b"a")
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(outcomes[0], KeyError)
    assert outcomes[1] is True
    assert store.count() == 1


async def test_write_soon_goes_with_the_next_batch(store: Store) -> None:
    store.writer.write_soon(lambda unit: unit.insert(seen, [{"key": b"l", "day": 1}]))
    await store.writer.write(lambda unit: None)
    assert store.count() == 1


async def test_a_write_that_nobody_awaits_joins_other_writes(store: Store) -> None:
    order: list[str] = []
    units: list[UnitOfWork] = []

    def note(unit: UnitOfWork) -> None:
        order.append("soon")
        units.append(unit)

    store.writer.write_soon(note)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert order == []
    await store.writer.write(units.append)
    assert len(units) == 2
    assert units[0] is units[1]


async def test_a_write_that_nobody_awaits_is_written_even_if_no_other_comes(store: Store) -> None:
    loop, written = asyncio.get_running_loop(), asyncio.Event()

    def write(_unit: UnitOfWork) -> None:
        loop.call_soon_threadsafe(written.set)

    for _ in range(2):
        written.clear()
        store.writer.write_soon(write)
        await written.wait()


async def test_writes_queued_while_another_runs_share_the_next_transaction(store: Store) -> None:
    units: list[UnitOfWork] = []
    runs, may_end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(_unit: UnitOfWork) -> None:
        loop.call_soon_threadsafe(runs.set)
        may_end.wait()

    first = asyncio.create_task(store.writer.write(hold))
    await runs.wait()
    store.writer.write_soon(units.append)
    may_end.set()
    await first
    await store.writer.write(units.append)
    assert len(units) == 2
    assert units[0] is units[1]


async def test_the_key_store_is_committed_too(store: Store) -> None:
    rows = [{"tip": "t", "holder": b"sp", "cover": b"", "sealed": b"1"}]
    await store.writer.write(lambda unit: unit.upsert(envelope, rows))
    await store.writer.write(lambda unit: unit.upsert(envelope, [{**rows[0], "sealed": b"2"}]))
    with store.keys.connect() as connection:
        assert connection.execute(select(envelope.c.sealed)).scalars().all() == [b"2"]


async def test_a_failed_write_leaves_nothing_in_the_key_store(store: Store) -> None:
    def failing(unit: UnitOfWork) -> None:
        unit.upsert(envelope, [{"tip": "t", "holder": b"sp", "cover": b"", "sealed": b"1"}])
        raise KeyError("no")

    with pytest.raises(KeyError):
        await store.writer.write(failing)
    with store.keys.connect() as connection:
        assert connection.execute(select(envelope)).all() == []


async def test_a_broken_database_fails_the_write_and_recovers(store: Store) -> None:
    with store.main.begin() as connection:
        connection.execute(text("ALTER TABLE seen RENAME TO gone"))
    with pytest.raises((StoreDown, Exception)):
        await store.writer.write_grouped(b"a")
    with store.main.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO seen"))
    assert await store.writer.write_grouped(b"a") is True


async def test_connections_are_taken_once_and_returned_at_the_end(databases: Any) -> None:
    store = Store(databases)
    taken: list[object] = []
    for engine in (store.main, store.keys):
        event.listen(engine, "checkout", lambda connection, *_others: taken.append(connection))
    store.writer.start()
    for sealed in (b"1", b"2"):
        row = {"tip": "t", "holder": b"sp", "cover": b"", "sealed": sealed}
        await store.writer.write(lambda unit, row=row: unit.upsert(envelope, [row]))  # type: ignore[misc]
    assert len(taken) == 2
    await store.writer.stop()
    for engine in (store.main, store.keys):
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        engine.dispose()


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_connections_that_broke_are_replaced(databases: Any, store: Store) -> None:
    ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
    assert await store.writer.write_grouped(b"a") is True
    with store.main.connect() as connection:
        connection.execute(text(f"{ended} AND pid <> pg_backend_pid()")).all()
    assert await store.writer.write_grouped(b"b") is True
    assert store.count() == 2


async def test_once_the_database_goes_down_the_rest_of_a_batch_is_not_tried(store: Store) -> None:
    begun = 0

    def refuse(_connection: object) -> None:
        nonlocal begun
        begun += 1
        if begun > 1:
            raise OperationalError("BEGIN", None, ConnectionError("down"))

    event.listen(store.main, "begin", refuse)
    items = [b"a", b"poison", b"b"]
    outcomes = await asyncio.gather(*(store.writer.write_grouped(item) for item in items), return_exceptions=True)
    event.remove(store.main, "begin", refuse)
    assert [type(one) for one in outcomes] == [StoreDown] * 3
    assert begun == 2
    assert await store.writer.write_grouped(b"c") is True


async def test_turns_run_on_the_event_loop_if_the_database_is_in_this_process(store: Store) -> None:
    is_sqlite = store.main.dialect.name == "sqlite"
    await store.writer.write_grouped(b"a")
    assert (store.grouped.threads == [threading.current_thread()]) is is_sqlite
    assert await store.writer.write(lambda unit: threading.current_thread()) is not threading.current_thread()


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["main", "keys"])
async def test_the_event_loop_runs_while_another_process_writes(store: Store, name: str) -> None:
    others, begun = make_engine(str(getattr(store, name).url)), Counter[str]()
    event.listen(store.main, "begin", lambda _: begun.update(["main"]))
    with others.begin():
        writing = asyncio.create_task(store.writer.write_grouped(b"a"))
        await asyncio.sleep(0.05)
        assert not writing.done()
    assert await writing is True
    assert begun["main"] == 1, "the event loop waited until SQLite gave up"
    others.dispose()


async def test_two_writers_store_the_same_event_once(databases: Any, store: Store) -> None:
    other = Writer(store.main, store.keys, grouped=RecordingWrite())
    other.start()
    writes = [writer.write_grouped(b"same") for writer in (store.writer, other) for _ in range(5)]
    outcomes = await asyncio.gather(*writes)
    await other.stop()
    assert outcomes.count(True) >= 1
    assert store.count() == 1


async def test_stop_runs_the_waiting_writes(databases: Any, store: Store) -> None:
    other = Writer(store.main, store.keys, grouped=RecordingWrite(), bounds=Bounds(2))
    other.start()
    for i in range(9):
        other.write_soon(lambda unit, i=i: unit.insert(seen, [{"key": bytes([i]), "day": 1}]))  # type: ignore[misc]
    await other.stop()
    assert store.count() == 9


async def test_a_writer_that_is_not_started_refuses_writes(databases: Any) -> None:
    engine = make_engine(databases.main)
    with pytest.raises(RuntimeError, match="not started"):
        await Writer(engine, engine).write(lambda unit: None)
    engine.dispose()
