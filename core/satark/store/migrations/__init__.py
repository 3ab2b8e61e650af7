"""Migrations by Alembic for the core's two databases. Each plugin that has tables has a branch of its own.

A database that lacks a branch gets the branch's present tables. Revisions change the tables of older databases. They
run with the name key, and key or seal rows of the main database where necessary.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from satark.api.services import Branch
from satark.store import tables
from satark.store.migrations import revisions
from satark_files import atomic_files

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

_HERE = Path(__file__).parent


class _Database(NamedTuple):
    engine: Engine
    branches: Sequence[Branch]
    versions: str
    """Name of the table of the revisions that the database has."""

    @property
    def folders(self) -> list[Path]:
        return [branch.folder for branch in self.branches]


class UnknownRevision(Exception):  # noqa: N818 - it reads as what it says
    """The databases have revisions that this program and its plugins don't have, or were set back."""


class Migrations:
    """The migrations of one deployment: the key store's, the core's, and the enabled plugins'."""

    def __init__(self, main: Engine, keys: Engine, branches: Sequence[Branch], note: Path | None = None) -> None:
        """`note`: this machine's file of the revisions that it saw.

        Migrations run with the name key, so whoever sets a database's revision back must make none run.
        """
        self._note = note
        core = Branch("core", _HERE / "main", tables.main)
        self._keys = _Database(keys, [Branch("keys", _HERE / "keys", tables.keys)], "alembic_version_keys")
        self._main = _Database(main, [core, *branches], "alembic_version")

    def upgrade(self) -> None:
        """Migrate both databases to the newest revision of every branch.

        Raises:
            UnknownRevision: the databases have unknown revisions, or were set back. Nothing was changed.
        """
        if problem := self.problem(upgrades=True):
            raise UnknownRevision(problem)
        for database in (self._keys, self._main):
            with database.engine.begin() as connection:
                connection.execution_options(**self._keys.engine.get_execution_options())
                _create_new(connection, database)
                if set(revisions.stored(connection, database.versions)) != set(revisions.heads(database.folders)):
                    from alembic import command  # noqa: PLC0415 - see `revisions`

                    if connection.dialect.name == "postgresql":
                        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                    command.upgrade(_config(connection, database), "heads")
        self.note()

    @property
    def is_noted(self) -> bool:
        """Whether this machine saw the databases before."""
        return self._note is not None and self._note.exists()

    def note(self) -> None:
        """Note the present revisions on this machine."""
        if self._note is not None:
            self._note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            atomic_files.replace(self._note, [f"{one}\n".encode() for one in sorted(self.current())])

    def downgrade(self, revision: str) -> None:
        """Migrate the main database down to a revision. `base` drops all tables, `<branch>@base` those of a plugin.

        `base` empties the key store too.
        """
        from alembic import command  # noqa: PLC0415

        with self._main.engine.begin() as connection:
            command.downgrade(_config(connection, self._main), revision)
        if revision == "base":
            with self._keys.engine.begin() as connection:
                command.downgrade(_config(connection, self._keys), "base")
        self.note()

    def current(self) -> list[str]:
        """Return the present revisions of the databases."""
        found: list[str] = []
        for database in (self._keys, self._main):
            with database.engine.connect() as connection:
                found += revisions.stored(connection, database.versions)
        return found

    def wanted(self) -> list[str]:
        """Return the revisions that this program needs."""
        return [head for one in (self._keys, self._main) for head in revisions.heads(one.folders)]

    def pending(self) -> bool:
        """Return whether the databases lack revisions that this program needs, or have others."""
        return set(self.current()) != set(self.wanted())

    def problem(self, *, upgrades: bool = False) -> str:
        """Say what must be done before this program uses the databases; empty: nothing that it does not do itself.

        An older program must not write to a newer database: it may write in clear what the newer one seals.
        """
        known = {name for one in (self._keys, self._main) for folder in one.folders for name in revisions.names(folder)}
        if unknown := sorted({*self.current()} - known):
            return (
                f"this version does not know {', '.join(unknown)} of the databases: install the version that made "
                "it, enable its plugin, or restore the backup from before the upgrade"
            )
        if self._is_set_back():
            return (
                "somebody set the databases' revision back, or they are an older copy: restore a backup, or, if you "
                f"put the copy there yourself, delete {self._note} and try again"
            )
        if upgrades or not self.pending():
            return ""
        return "the databases are not set up for this version, run: satark db upgrade"

    def _is_set_back(self) -> bool:
        """Return whether the databases lack a revision that this machine saw. Empty ones are new."""
        current = self.current()
        if self._note is None or not self.is_noted or not current:
            return False
        folders = [folder for one in (self._keys, self._main) for folder in one.folders]
        had = {name for folder in folders for name in revisions.up_to(folder, current)}
        known = {name for folder in folders for name in revisions.names(folder)}
        return bool((known & {*self._note.read_text("utf-8").split()}) - had)


def _create_new(connection: Connection, database: _Database) -> None:
    """Create the tables of branches that the database lacks, and store their revisions."""
    stored, new = set(revisions.stored(connection, database.versions)), []
    for branch in database.branches:
        if branch.tables is not None and not stored & revisions.names(branch.folder):
            branch.tables.create_all(connection, checkfirst=False)
            new.append(branch.folder)
    revisions.store(connection, database.versions, revisions.heads(new))


def _config(connection: Connection, database: _Database) -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, database.folders)))
    config.attributes["version_table"] = database.versions
    config.attributes["connection"] = connection
    return config
