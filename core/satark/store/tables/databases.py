"""The two databases: the tables of each are declared in the modules beside this one."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData

main = MetaData()
"""The tables of the main database: all except the key store's."""
keys = MetaData()
"""The tables of the key store."""


def wait_column() -> Column[int]:
    """Return the column `wait` of a table of `satark.store.due_times`."""
    return Column(
        "wait", Integer, nullable=False, server_default="0", comment="seconds from when due_at was set until it"
    )
