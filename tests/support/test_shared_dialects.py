"""Engines that share compiled statements read their own databases."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, String, column, event, select, table, text

from satark.store.engines import make_engine
from support.shared_dialects import shared_dialects

WORDS = select(column("word", String)).select_from(table("it", column("word")))


def test_two_engines_share_a_compiled_statement_and_read_their_own_databases(tmp_path: Path) -> None:
    with shared_dialects():
        first = make_engine(f"sqlite:///{tmp_path / 'first.db'}")
        assert read(first, "one")[0] == "one"
        second = make_engine(f"sqlite:///{tmp_path / 'second.db'}")
        assert read(second, "two") == ("two", "CACHE_HIT")
    assert second.dialect is first.dialect


def read(engine: Engine, word: str) -> tuple[str, str]:
    """Write a word and read it; return it, and whether the statement was already compiled."""
    how: list[str] = []
    event.listen(engine, "after_cursor_execute", lambda *given: how.append(given[4].cache_hit.name))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE it (word TEXT)"))
        connection.execute(text("INSERT INTO it VALUES (:word)"), {"word": word})
        found = connection.scalar(WORDS)
    return str(found), how[-1]
