"""Speeds up migrations in tests: a new database gets the recorded statements of the first one of its kind.

SQLAlchemy compiles every statement anew, which takes longer than executing it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Connection, event, inspect

from satark.store import migrations

_ROOT: Final = Path(__file__).parents[2]
_READING: Final = ("SELECT", "PRAGMA", "SHOW")
_executed: Final[dict[tuple[object, ...], Sequence[tuple[str, Any]]]] = {}
"""Dialect, table of versions and folders of revisions → the statements that make a new database, with their values."""
_create: Final = migrations._create_new


@contextmanager
def quick_migrations() -> Iterator[None]:
    """Make new databases of this process with recorded statements. Databases with tables are migrated as usual."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "_create_new", _create_new)
        yield


def _create_new(connection: Connection, database: Any) -> None:
    kind = (connection.dialect.name, database.versions, *database.folders)
    # A test's own plugin may be another one in the same folder later.
    is_ours = all(Path(folder).is_relative_to(_ROOT) for folder in database.folders)
    if inspect(connection).get_table_names() or not is_ours:
        _create(connection, database)
    elif kind in _executed:
        raw: Any = connection.connection.driver_connection
        for statement, values in _executed[kind]:
            raw.execute(statement, *filter(None, [values]))
    else:
        _executed[kind] = _recorded(connection, database)


def _recorded(connection: Connection, database: Any) -> Sequence[tuple[str, Any]]:
    """Make the database as usual, and record the statements."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith(_READING):
            return
        if values or not statements or statements[-1][1] or connection.dialect.name == "sqlite":
            statements.append((statement, values))
        else:  # PostgreSQL takes several statements at once
            statements[-1] = (f"{statements[-1][0]};\n{statement}", values)

    event.listen(connection, "before_cursor_execute", note)
    try:
        _create(connection, database)
    finally:
        event.remove(connection, "before_cursor_execute", note)
    return statements
