"""Statements through the driver: they join SQLAlchemy's transaction, and raise its errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from satark.store import bulk
from satark.store.engines import make_engine, reading_engine


@pytest.fixture
def engine(databases: Any) -> Iterator[Engine]:
    made = make_engine(databases.main)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE word (said VARCHAR(20) PRIMARY KEY)"))
    yield made
    made.dispose()


def test_a_statement_begins_a_transaction_that_sees_one_snapshot(engine: Engine) -> None:
    with reading_engine(engine).connect() as reading:
        assert bulk.run(reading, "SELECT said FROM word", ()) == []
        with engine.begin() as writing:
            assert bulk.run(writing, "INSERT INTO word VALUES ('meanwhile')", ()) == []
        assert bulk.run(reading, "SELECT said FROM word", ()) == []
    with reading_engine(engine).connect() as reading:
        assert bulk.run(reading, "SELECT said FROM word", ()) == [("meanwhile",)]


def test_a_transaction_that_is_not_committed_is_rolled_back(engine: Engine) -> None:
    with engine.connect() as connection:
        bulk.run(connection, "INSERT INTO word VALUES ('lost')", ())
    with engine.connect() as connection:
        assert bulk.run(connection, "SELECT said FROM word", ()) == []


def test_an_error_is_one_of_sqlalchemys_and_contains_no_values(engine: Engine) -> None:
    sql = "INSERT INTO word VALUES (?)" if engine.dialect.name == "sqlite" else "INSERT INTO word VALUES (%s)"
    with engine.connect() as connection:
        bulk.run(connection, sql, ("a truck",))
        with pytest.raises(IntegrityError) as failed:
            bulk.run(connection, sql, ("a truck",))
    assert failed.value.params is None
    with engine.connect() as connection, pytest.raises(DBAPIError, match="nowhere"):
        bulk.run(connection, "SELECT 1 FROM nowhere", ())


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_a_connection_that_broke_is_replaced(engine: Engine) -> None:
    with engine.connect() as connection:
        ((process,),) = bulk.run(connection, "SELECT pg_backend_pid()", ())
        with engine.begin() as other:
            bulk.run(other, f"SELECT pg_terminate_backend({process}, 5000)", ())
        with pytest.raises(OperationalError) as failed:
            bulk.run(connection, "SELECT 1", ())
        assert failed.value.connection_invalidated
    with engine.connect() as connection:
        assert bulk.run(connection, "SELECT 1", ()) == [(1,)]
