"""The row of a conversation: whoever locks it reads what the one before has written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from satark.store import conversations
from satark.store.engines import make_engine
from satark.store.migrations import Migrations
from satark.store.tables import conversation
from satark.store.unit_of_work import unit_of_work
from satark.testing.waiting import until

ID = b"c" * 32
ROW = {"id": ID, "draft": b"before", "handle": b"", "due": b"", "ends_by": 0}


class Store:
    """Fresh databases with one conversation."""

    def __init__(self, databases: Any) -> None:
        self.main: Engine = make_engine(databases.main)
        self.keys: Engine = make_engine(databases.keys)
        Migrations(self.main, self.keys, []).upgrade()
        with unit_of_work(self.main, self.keys) as unit:
            unit.insert(conversation, [ROW])

    def draft_once_locked(self) -> bytes:
        with unit_of_work(self.main, self.keys) as unit:
            return conversations.lock(unit, [ID])[ID].draft

    def somebody_waits(self) -> bool:
        if self.main.dialect.name != "postgresql":
            return True
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        with self.main.connect() as connection:
            return bool(connection.execute(waiting).scalar())


@pytest.fixture
def store(databases: Any) -> Iterator[Store]:
    made = Store(databases)
    yield made
    made.main.dispose()
    made.keys.dispose()


async def test_who_waited_for_the_lock_reads_what_the_one_before_has_written(store: Store) -> None:
    with unit_of_work(store.main, store.keys) as first:
        assert conversations.lock(first, [ID])[ID].draft == b"before"
        second = asyncio.create_task(asyncio.to_thread(store.draft_once_locked))
        await until(lambda: asyncio.to_thread(store.somebody_waits))
        row = {"key": ID, "draft": b"after", "handle": b"", "due": b"", "ends_by": 0}
        conversations.write(first, [row])
    assert await second == b"after"


async def test_who_waited_for_a_conversation_that_was_deleted_finds_none(store: Store) -> None:
    with unit_of_work(store.main, store.keys) as first:
        conversations.lock(first, [ID])
        second = asyncio.create_task(asyncio.to_thread(store.draft_once_locked))
        await until(lambda: asyncio.to_thread(store.somebody_waits))
        conversations.delete_conversations(first, [ID])
    with pytest.raises(KeyError):
        await second
