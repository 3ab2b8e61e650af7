"""Engines: reads see a snapshot, errors have no content, and deletion overwrites."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, exc, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, StatementError

from satark.store.engines import is_database_fault, make_engine, reading_engine
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


def failure(engine: Engine, *statements: str) -> DBAPIError:
    """Return the error of the last of these statements."""
    *before, last = statements
    with engine.connect() as connection:
        for statement in before:
            connection.execute(text(statement))
        with pytest.raises(DBAPIError) as raised:
            connection.execute(text(last))
    return raised.value


def test_only_a_bad_value_or_a_conflict_is_the_fault_of_the_written_row(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE word (said VARCHAR(20) PRIMARY KEY)"))
    twice = "INSERT INTO word VALUES ('a'), ('a')"
    assert not is_database_fault(failure(engine, twice))
    assert is_database_fault(failure(engine, "SELECT * FROM nowhere"))
    read_only = "PRAGMA query_only = 1" if engine.dialect.name == "sqlite" else "SET TRANSACTION READ ONLY"
    assert is_database_fault(failure(engine, read_only, twice))
    assert not is_database_fault(RuntimeError())
    assert not is_database_fault(StatementError("a value of ours", "INSERT", None, TypeError()))
    assert not is_database_fault(ProgrammingError("INSERT", None, TypeError("cannot adapt")))
    assert is_database_fault(exc.TimeoutError())


def test_an_error_message_does_not_contain_the_written_values(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as failure, engine.begin() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": WORDS})
    assert "nowhere" in str(failure.value)
    assert WORDS not in f"{failure.value!s} {failure.value!r}"


async def test_a_write_on_sqlite_begins_when_that_of_another_process_has_ended(tmp_path: Path) -> None:
    engine, other = (make_engine(f"sqlite:///{tmp_path / 'main.db'}") for _ in range(2))
    with other.begin() as theirs:
        theirs.execute(text("CREATE TABLE word (said VARCHAR(20))"))
        ours = asyncio.create_task(asyncio.to_thread(_write, engine))
        await asyncio.sleep(0)
        theirs.execute(text("INSERT INTO word VALUES ('first')"))
    await ours
    with reading_engine(engine).connect() as connection:
        assert connection.execute(text("SELECT said FROM word")).scalars().all() == ["first", "second"]
    engine.dispose()
    other.dispose()


def _write(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO word VALUES ('second')"))


def test_a_sqlite_write_that_waits_too_long_or_can_not_begin_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.store.engines.BUSY_SECONDS", 0)
    engine, other = (make_engine(f"sqlite:///{tmp_path / 'main.db'}") for _ in range(2))
    with other.begin(), pytest.raises(OperationalError, match="database is locked"), engine.begin():
        pass
    with engine.begin() as connection:
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 0
    monkeypatch.setattr("satark.store.engines.BUSY_SECONDS", 3600)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.rollback()
        with pytest.raises(OperationalError, match="readonly"):
            connection.execute(text("SELECT 1"))
    engine.dispose()
    other.dispose()


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


def test_nothing_is_written_into_a_moved_deleted_or_replaced_file_until_it_is_back(tmp_path: Path) -> None:
    """SQLite itself would continue writing into its open file, and after a restart the data would be missing."""
    file, kept = tmp_path / "satark.db", tmp_path / "kept.db"
    engine = make_engine(f"sqlite:///{file}")

    def write() -> None:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS word (said VARCHAR(20))"))

    write()
    file.rename(kept)
    for replaced in (False, True):
        if replaced:
            file.write_bytes(b"")
        with pytest.raises(OperationalError) as raised:
            write()
        assert is_database_fault(raised.value)
    kept.rename(file)
    write()
    engine.dispose()
