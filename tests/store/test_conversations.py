"""The row of a conversation: a transaction that locks the row reads what the former transaction wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update

from satark.identity.edge_key import Identity
from satark.store import conversations
from satark.store.engines import make_engine
from satark.store.migrations import Migrations
from satark.store.tables import alias, conversation
from satark.store.unit_of_work import unit_of_work
from satark_testing.waiting import until

ID = b"c" * 32
IDENTITY = Identity(bytes(32))
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

    def home_of(self, *pseudonyms: bytes) -> tuple[bytes, bool]:
        """Find or begin a conversation; return its id, and whether it began just now."""
        with unit_of_work(self.main, self.keys) as unit:
            homes, begun = conversations.find_or_begin(unit, IDENTITY, [pseudonyms])
            (home,) = set(homes.values())
            conversations.write(unit, [{**ROW, "id": one} for one in begun])
            return home, home in begun

    def stored(self) -> set[bytes]:
        with self.main.connect() as connection:
            return {bytes(id_) for id_ in connection.execute(select(conversation.c.id)).scalars()} - {ID}

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


async def test_a_transaction_that_waited_for_the_lock_reads_what_the_other_transaction_wrote(store: Store) -> None:
    with unit_of_work(store.main, store.keys) as first:
        assert conversations.lock(first, [ID])[ID].draft == b"before"
        second = asyncio.create_task(asyncio.to_thread(store.draft_once_locked))
        await until(lambda: asyncio.to_thread(store.somebody_waits))
        row = {"id": ID, "draft": b"after", "handle": b"", "due": b"", "ends_by": 0}
        conversations.write(first, [row])
    assert await second == b"after"


async def test_a_transaction_that_waited_for_a_deleted_conversation_finds_none(store: Store) -> None:
    with unit_of_work(store.main, store.keys) as first:
        conversations.lock(first, [ID])
        second = asyncio.create_task(asyncio.to_thread(store.draft_once_locked))
        await until(lambda: asyncio.to_thread(store.somebody_waits))
        conversations.delete_conversations(first, IDENTITY, [ID])
    with pytest.raises(KeyError):
        await second


def test_a_new_conversation_is_empty_and_has_no_row_until_it_is_written(store: Store) -> None:
    with unit_of_work(store.main, store.keys) as unit:
        homes, begun = conversations.find_or_begin(unit, IDENTITY, [(b"one",), (b"two", b"also two"), (b"two",)])
        assert set(begun) == set(homes.values())
        assert homes[b"two"] == homes[b"also two"] != homes[b"one"]
        rows = conversations.lock(unit, {*homes.values(), ID}, begun)
        assert {id_: row.draft for id_, row in rows.items()} == {**dict.fromkeys(begun, b""), ID: b"before"}
        assert conversations.read(unit.main, begun) == {}
        conversations.write(unit, [{**ROW, "id": homes[b"one"], "draft": b"first"}])
    assert store.stored() == {homes[b"one"]}
    assert store.home_of(b"one") == (homes[b"one"], False)


def test_another_pseudonym_of_a_known_sender_finds_the_same_conversation(store: Store) -> None:
    home, has_begun = store.home_of(b"known")
    assert has_begun
    assert store.home_of(b"another", b"known") == (home, False)
    assert store.home_of(b"another") == (home, False)
    assert store.stored() == {home}


@pytest.mark.parametrize("sealed_too", [False, True])
def test_a_row_moved_to_another_senders_conversation_is_ignored_and_replaced(store: Store, *, sealed_too: bool) -> None:
    victim, _ = store.home_of(b"victim")
    own, _ = store.home_of(b"stranger")
    sealed = select(alias.c.sealed).where(alias.c.conversation == victim).scalar_subquery()
    moved = update(alias).where(alias.c.conversation == own).values(conversation=victim)
    with store.main.begin() as connection:
        connection.execute(moved.values(sealed=sealed) if sealed_too else moved)
    with store.main.connect() as connection:
        assert victim not in conversations.find(connection, IDENTITY, [(b"stranger",)])[0].values()
    home, has_begun = store.home_of(b"stranger", b"another of theirs")
    assert has_begun
    assert home not in {victim, own}
    assert store.home_of(b"stranger") == (home, False)
    assert store.home_of(b"victim") == (victim, False)


def test_a_session_replaces_the_one_before(store: Store) -> None:
    for draft in (b"one", b"two"):
        with unit_of_work(store.main, store.keys) as unit:
            conversations.write(unit, [{**ROW, "draft": draft, "ends_by": 7}])
    with unit_of_work(store.main, store.keys) as unit:
        assert conversations.lock(unit, [ID])[ID].draft == b"two"
        assert conversations.read_due(unit.main, 6) == []


async def test_two_transactions_that_begin_a_senders_conversation_at_once_get_the_same_one(store: Store) -> None:
    with unit_of_work(store.main, store.keys) as first:
        homes, begun = conversations.find_or_begin(first, IDENTITY, [(b"one",)])
        second = asyncio.create_task(asyncio.to_thread(store.home_of, b"one"))
        await until(lambda: asyncio.to_thread(store.somebody_waits))
        conversations.write(first, [{**ROW, "id": id_} for id_ in begun])
    assert await second == (homes[b"one"], False)
    assert store.stored() == set(begun)


async def test_the_waiting_transaction_begins_a_conversation_that_was_rolled_back(store: Store) -> None:
    with suppress(KeyError), unit_of_work(store.main, store.keys) as first:
        homes, _ = conversations.find_or_begin(first, IDENTITY, [(b"one",)])
        second = asyncio.create_task(asyncio.to_thread(store.home_of, b"one"))
        await until(lambda: asyncio.to_thread(store.somebody_waits))
        raise KeyError
    home, has_begun = await second
    assert has_begun
    assert home != homes[b"one"]
    with store.main.connect() as connection:
        assert connection.execute(select(alias.c.conversation)).scalars().all() == [home]
