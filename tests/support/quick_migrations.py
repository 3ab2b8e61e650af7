"""Speeds up migrations in tests: a new database gets the recorded statements of the first migration of its kind.

Alembic compiles every statement anew, which takes many times as long as executing it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, inspect

_READING: Final = ("SELECT", "PRAGMA", "SHOW")
_executed: Final[dict[tuple[str, str], str]] = {}
"""Dialect and folders of revisions → the statements that migrate a new database."""
_migrate: Final = command.upgrade


@contextmanager
def quick_migrations() -> Iterator[None]:
    """Migrate new databases of this process with recorded statements. Databases with tables are migrated as usual."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "upgrade", _upgrade)
        yield


def _upgrade(config: Config, revision: str) -> None:
    connection: Connection = config.attributes["connection"]
    kind = (connection.dialect.name, str(config.get_main_option("version_locations")))
    if inspect(connection).get_table_names():
        _migrate(config, revision)
    elif kind in _executed:
        _execute(connection, _executed[kind])
    else:
        _executed[kind] = _recorded(config, revision, connection)


def _recorded(config: Config, revision: str, connection: Connection) -> str:
    """Migrate as usual, and record the statements."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(_READING):
            if parameters:
                raise AssertionError("a statement of a migration has its values in it")
            statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        _migrate(config, revision)
    finally:
        event.remove(connection, "before_cursor_execute", note)
    return ";\n".join(statements)


def _execute(connection: Connection, script: str) -> None:
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        for statement in script.split(";\n"):
            raw.execute(statement)
    else:
        raw.execute(script)
