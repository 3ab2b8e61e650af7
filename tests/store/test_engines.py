"""Engines: snapshots for reading, errors without content, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from satark.store.engines import checkpoint, make_engine, reading_engine

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


def test_a_checkpoint_erases_what_was_deleted_from_sqlite(tmp_path: Path) -> None:
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
