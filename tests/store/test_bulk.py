"""Statements on many rows: which rows they write and find, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, select
from sqlalchemy.exc import IntegrityError

from satark.store import bulk
from satark.store.engines import make_engine
from satark.store.migrations import Migrations
from satark.store.tables import conversation, delivery, envelope, message, outbox, receipt, seen, tip

MANY = 1_100
"""Rows that take SQLite several statements."""
TIP = {"id": "t" * 32, "number": "KA-1", "revision": 1, "recipient": "age1", "day": 3}
TIP |= {"document": b"\x00\xff'"}
MESSAGE = {"tip": "t", "seq": 1, "sealed": b"s", "day": 3, "notified": True, "news": b"n"}
RECEIPT = {"lookup": b"l" * 16, "sealed": b"", "day": 3, "link": b"k" * 16}


class Databases:
    """Fresh databases, and each statement that was run on them."""

    def __init__(self, databases: Any) -> None:
        self.main: Engine = make_engine(databases.main)
        self.keys: Engine = make_engine(databases.keys)
        Migrations(self.main, self.keys, []).upgrade()
        self.statements: list[str] = []

    def noting(self, run: Any) -> Any:
        def noted(connection: Connection, sql: str, values: Any) -> Any:
            self.statements.append(sql)
            return run(connection, sql, values)

        return noted


@pytest.fixture
def stores(databases: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Databases]:
    made = Databases(databases)
    for name in ("run", "run_for_each"):
        monkeypatch.setattr(bulk, name, made.noting(getattr(bulk, name)))
    yield made
    made.main.dispose()
    made.keys.dispose()


@pytest.fixture
def main(stores: Databases) -> Iterator[Connection]:
    with stores.main.begin() as connection:
        yield connection


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def events(*numbers: int, day: int = 1) -> list[dict[str, object]]:
    return [{"key": key(number), "day": day} for number in numbers]


def everything(connection: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table)).mappings()]


def sent(name: bytes, *, conversation: bytes = b"c", **fields: object) -> dict[str, object]:
    row = {"id": name, "position": 2**62, "conversation": conversation, "call": b"", "state": "due"}
    return {**row, "must_arrive": False, "attempts": 0, "due_at": 0, "wait": 0, "reason": "", **fields}


@pytest.mark.parametrize(
    ("table", "row", "default"),
    [
        (tip, TIP, {"key_changes": b"", "routed": None}),
        (receipt, RECEIPT, {"erased": None}),
        (receipt, RECEIPT | {"erased": 4}, {}),
        (receipt, RECEIPT | {"erased": None}, {}),
        (message, MESSAGE, {"cover": b"", "mark": b""}),
        (outbox, sent(b"one", must_arrive=True, reason="ट'\"%s"), {}),
    ],
)
def test_a_row_is_stored_as_it_was_given(main: Connection, table: Table, row: Any, default: Any) -> None:
    bulk.insert(main, table, [row])
    assert everything(main, table) == [row | default]


def test_rows_that_differ_in_the_order_of_their_columns_are_the_same(main: Connection) -> None:
    bulk.insert(main, seen, [{"key": key(1), "day": 1}, {"day": 2, "key": key(2)}])
    assert everything(main, seen) == [*events(1), *events(2, day=2)]


def test_a_value_without_a_column_is_left_out(main: Connection) -> None:
    bulk.insert(main, seen, [{**row, "weather": "fair"} for row in events(1, 2)])
    assert everything(main, seen) == events(1, 2)


def test_no_statement_is_run_without_rows(stores: Databases, main: Connection) -> None:
    bulk.insert(main, seen, [])
    bulk.upsert(main, seen, [])
    assert bulk.insert_new(main, seen, [], "key") == set()
    assert stores.statements == []


def test_a_row_that_exists_fails_the_statement_whose_error_shows_no_value(main: Connection) -> None:
    bulk.insert(main, seen, events(1))
    with pytest.raises(IntegrityError) as failed, main.begin_nested():
        bulk.insert(main, seen, events(2, 1))
    assert str(key(1)) not in str(failed.value)
    assert failed.value.params is None


def test_a_text_that_is_too_long_for_its_column_is_not_shortened(main: Connection) -> None:
    long = {"id": b"d", "tip": "t", "destination": "d", "revision": 1, "state": "due", "attempts": 0, "due_at": 0}
    rows = [{**long, "wait": 0, "reason": "r" * 201, "ended": b"", "mark": b""}]
    if main.dialect.name == "sqlite":  # which knows no lengths
        bulk.insert(main, delivery, rows)
        assert everything(main, delivery) == rows
    else:
        with pytest.raises(Exception, match="too long"), main.begin_nested():
            bulk.insert(main, delivery, rows)


def test_new_rows_are_inserted_and_returned_once_each(main: Connection) -> None:
    bulk.insert(main, seen, events(3, day=7))
    inserted = bulk.insert_new(main, seen, events(*range(MANY), 5), "key")
    assert inserted == {key(number) for number in range(MANY) if number != 3}
    days = {bytes(row["key"]): row["day"] for row in everything(main, seen)}
    assert len(days) == MANY
    assert days[key(3)] == 7


def test_rows_are_replaced_and_the_last_of_two_counts(stores: Databases) -> None:
    def row(holder: bytes, sealed: bytes) -> dict[str, object]:
        return {"tip": "t", "holder": holder, "cover": b"", "sealed": sealed}

    with stores.keys.begin() as connection:
        bulk.upsert(connection, envelope, [row(b"a", b"1"), row(b"b", b"1")])
        bulk.upsert(connection, envelope, [row(b"a", b"2"), row(b"c", b"1"), row(b"a", b"3")])
        found = {bytes(one["holder"]): bytes(one["sealed"]) for one in everything(connection, envelope)}
    assert found == {b"a": b"3", b"b": b"1", b"c": b"1"}


@pytest.mark.parametrize("lock", [False, True])
def test_the_existing_rows_of_many_keys_are_found(main: Connection, *, lock: bool) -> None:
    def row(number: int) -> dict[str, object]:
        return {"id": key(number), "draft": b"%d" % number, "handle": b"", "due": b"", "ends_by": number}

    bulk.insert(main, conversation, [row(number) for number in range(0, MANY, 2)])
    columns, wanted = (conversation.c.draft, conversation.c.ends_by), [key(number) for number in range(MANY)]
    found = bulk.select(main, columns, conversation.c.id, wanted, lock=lock)
    assert sorted(map(tuple, found), key=lambda one: one[1]) == [(b"%d" % n, n) for n in range(0, MANY, 2)]
    assert bulk.select(main, columns, conversation.c.id, [], lock=lock) == []


def test_rows_of_many_keys_are_deleted_where_the_condition_holds(main: Connection) -> None:
    rows = [sent(key(number), conversation=key(number)) for number in range(MANY)]
    kept = [sent(b"kept", conversation=key(1), must_arrive=True), sent(b"other", conversation=b"other")]
    bulk.insert(main, outbox, rows + kept)
    bulk.delete(main, outbox.c.conversation, [key(number) for number in range(MANY)], "NOT must_arrive")
    assert {bytes(row["id"]) for row in everything(main, outbox)} == {b"kept", b"other"}
    bulk.delete(main, outbox.c.id, [b"kept"])
    assert [bytes(row["id"]) for row in everything(main, outbox)] == [b"other"]


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_postgresql_runs_the_same_statement_for_any_number_of_rows(stores: Databases, main: Connection) -> None:
    for numbers in (range(1), range(1, MANY)):
        bulk.insert_new(main, seen, events(*numbers), "key")
        bulk.insert(main, seen, events(*(number + MANY for number in numbers)))
        bulk.select(main, [seen.c.day], seen.c.key, [key(number) for number in numbers], lock=True)
        bulk.delete(main, seen.c.key, [key(number) for number in numbers])
    assert len(stores.statements) == 8
    assert len(set(stores.statements)) == 4


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_sqlite_prepares_a_statement_for_each_power_of_two_rows(stores: Databases, main: Connection) -> None:
    for start, count in ((0, 5), (10, 6), (20, 8), (30, 9)):
        numbers = range(start, start + count)
        assert bulk.insert_new(main, seen, events(*numbers), "key") == {key(number) for number in numbers}
        bulk.delete(main, seen.c.key, [key(number) for number in numbers])
    assert everything(main, seen) == []
    assert len(set(stores.statements)) == 4
