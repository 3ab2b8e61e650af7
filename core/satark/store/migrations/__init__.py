"""Migrations by Alembic for the core's two databases. Each plugin that has tables has a branch of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.schema import SetColumnComment, SetTableComment

from satark.api.services import Branch
from satark.store import tables
from satark.store.migrations import revisions

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine, MetaData

_HERE = Path(__file__).parent


class Migrations:
    """The migrations of one deployment: the key store's, the core's, and the enabled plugins'."""

    def __init__(self, main: Engine, keys: Engine, branches: Sequence[Branch]) -> None:
        self._sides = (
            (keys, [_HERE / "keys"], "alembic_version_keys", [tables.keys]),
            (
                main,
                [_HERE / "main", *(branch.folder for branch in branches)],
                "alembic_version",
                [tables.main, *(branch.tables for branch in branches if branch.tables is not None)],
            ),
        )

    def upgrade(self) -> None:
        """Migrate both databases to the newest revision of every branch, and write into them what their tables hold."""
        from alembic import command  # noqa: PLC0415 - see `revisions`

        for engine, folders, table, described in self._sides:
            with engine.begin() as connection:
                command.upgrade(_config(connection, folders, table), "heads")
                _write_comments(connection, described)

    def downgrade(self, revision: str) -> None:
        """Migrate the main database down to a revision. `base` drops all tables, `<branch>@base` those of a plugin.

        `base` empties the key store too.
        """
        from alembic import command  # noqa: PLC0415

        engine, folders, table, _ = self._sides[1]
        with engine.begin() as connection:
            command.downgrade(_config(connection, folders, table), revision)
        if revision == "base":
            engine, folders, table, _ = self._sides[0]
            with engine.begin() as connection:
                command.downgrade(_config(connection, folders, table), "base")

    def current(self) -> list[str]:
        """Return the revisions that the databases are at."""
        return [revision for engine, _, table, _ in self._sides for revision in revisions.stored(engine, table)]

    def wanted(self) -> list[str]:
        """Return the revisions that this program needs."""
        return [head for _, folders, _, _ in self._sides for head in revisions.heads(folders)]

    def pending(self) -> bool:
        """Return whether `upgrade` would change anything."""
        return set(self.current()) != set(self.wanted())


def _write_comments(connection: Connection, described: Iterable[MetaData]) -> None:
    """Copy the comments of tables and columns from the code, if the database keeps comments. Revisions have none."""
    if not connection.dialect.supports_comments:
        return
    for table in (table for metadata in described for table in metadata.tables.values()):
        connection.execute(SetTableComment(table))
        for column in table.columns:
            connection.execute(SetColumnComment(column))


def _config(connection: Connection, folders: Sequence[Path], table: str) -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(str(folder) for folder in folders))
    config.attributes["version_table"] = table
    config.attributes["connection"] = connection
    return config
