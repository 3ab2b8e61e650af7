"""The two databases: the modules beside this one declare their tables."""

from sqlalchemy import Column, Integer, MetaData, String, Table

main = MetaData()
"""The tables of the main database: all except the key store's."""
keys = MetaData()
"""The tables of the key store."""


def wait_column() -> Column[int]:
    """Return the column `wait` of a table of `satark.store.unit_of_work`."""
    return Column(
        "wait", Integer, nullable=False, server_default="0", comment="seconds from when due_at was set until it"
    )


def tip_counts(name: str, database: MetaData) -> Table:
    """Return a table of `satark.store.tip_counts`."""
    return Table(
        name,
        database,
        Column("day", Integer, primary_key=True, autoincrement=False),
        Column("process", String(16), primary_key=True, comment="random: what counted these"),
        Column("tips", Integer, nullable=False),
        comment="how many tips were taken, erased ones too: a restored older database has fewer",
        sqlite_with_rowid=False,
    )
