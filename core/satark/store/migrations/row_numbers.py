"""Writes a table of SQLite anew, with or without row numbers. Other databases have none: there it does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from alembic import op

_WITHOUT: Final = " WITHOUT ROWID"


def remove_row_numbers(*tables: str) -> None:
    """Give tables no row numbers: their rows lie in the order of their keys."""
    for table in tables:
        _rewrite(table, lambda sql: sql.removesuffix(_WITHOUT) + _WITHOUT)


def add_row_numbers(*tables: str) -> None:
    """Give tables row numbers."""
    for table in tables:
        _rewrite(table, lambda sql: sql.removesuffix(_WITHOUT))


def _rewrite(table: str, change: Callable[[str], str]) -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    query = sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL")
    found = connection.execute(query, {"table": table}).all()
    (create,) = (sql.rstrip() for kind, sql in found if kind == "table")
    op.rename_table(table, f"{table}_former")
    op.execute(change(create))
    op.execute(f"INSERT INTO {table} SELECT * FROM {table}_former")  # noqa: S608 - a name of the revision's
    op.drop_table(f"{table}_former")
    for sql in (sql for kind, sql in found if kind == "index"):
        op.execute(sql)
