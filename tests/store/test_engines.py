"""Engines: snapshots for reading, errors without content, deletion that overwrites."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from satark.store.engines import make_engine, reading_engine
from satark.store.write_ahead_log import erase_log

WORDS = "a truck behind the temple"


@pytest.fixture
def engine(databases: Any) -> Iterator[Engine]:
    made = make_engine(databases.main)
    yield made
    made.dispose()


def test_a_reading_transaction_sees_one_snapshot(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE word (said VARCHAR(20))"))
    with reading_engine(engine).connect() as reading:
        query = text("SELECT count(*) FROM word")
        before = reading.execute(query).scalar()
        with engine.begin() as writing:
            writing.execute(text("INSERT INTO word VALUES ('meanwhile')"))
        assert (before, reading.execute(query).scalar()) == (0, 0)
    with reading_engine(engine).connect() as reading:
        assert reading.execute(query).scalar() == 1


def test_an_error_message_does_not_contain_the_written_values(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as failure, engine.begin() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": WORDS})
    assert "nowhere" in str(failure.value)
    assert WORDS not in f"{failure.value!s} {failure.value!r}"


def test_a_deleted_row_is_overwritten_in_sqlites_file_whatever_the_librarys_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqlite3.dbapi2.connect", careless_connect)
    path = tmp_path / "main.db"
    engine = make_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x BLOB)"))
        connection.execute(text("INSERT INTO t VALUES ('shred-me-completely'), ('stay')"))
        assert connection.execute(text("PRAGMA secure_delete")).scalar() == 1
    assert erase_log(engine)
    assert b"shred-me-completely" in path.read_bytes()
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM t WHERE x = 'shred-me-completely'"))
    assert erase_log(engine)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    engine.dispose()
    assert b"stay" in stored
    assert b"shred-me-completely" not in stored


def careless_connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
    """Connect as a library does that was built without SQLITE_SECURE_DELETE."""
    connection = sqlite3.Connection(*arguments, **options)
    connection.execute("PRAGMA secure_delete=OFF")
    return connection
