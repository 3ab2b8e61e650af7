"""Statements on many rows, in the SQL of the drivers. SQLAlchemy would need more time for a row than the database does.

SQLite, which is in this process, runs an `INSERT` once for each row. PostgreSQL runs one `INSERT` for all rows, with an
array for each column: the statement's text is the same for any number of rows, so the server can prepare it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, TypeVar

from sqlalchemy import Column, Connection, Select, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.schema import ScalarElementColumnDefault

# ruff: noqa: S608 - names are those of the tables, and values are always parameters


Rows = Sequence[Mapping[str, Any]]
"""Rows that all have the same columns, of bytes, text, integers or booleans."""

_ARRAYS: Final = {bytes: "bytea[]", str: "text[]", int: "bigint[]", bool: "boolean[]"}
_AT_ONCE: Final = 1000
"""Number of rows of a streamed query that are in memory at a time."""
_MOST_ROWS: Final = 512
"""Most rows in one statement for SQLite: SQLite allows 32,766 values in a statement."""


def insert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, if there are any."""
    if rows:
        _insert(connection, table, rows, "")


def upsert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, or replace stored rows of the same primary key. If given rows have the same key, the last counts."""
    if rows:
        key = table.primary_key.columns.keys()
        last = {tuple([row[name] for name in key]): row for row in rows}
        _insert(connection, table, [*last.values()], _replacing(table))


def insert_new(connection: Connection, table: Table, rows: Rows, returning: str) -> set[Any]:
    """Insert rows that do not exist yet; return the `returning` column of those inserted.

    Waits for the end of a transaction that inserts the same rows.
    """
    if not rows:
        return set()
    then = f" ON CONFLICT DO NOTHING RETURNING {_name(returning)}"
    values = _by_column(table, rows)
    sql = _insert_into(table, tuple(values), connection.dialect.name)
    if _is_postgresql(connection):
        return {one for (one,) in run(connection, sql + then, tuple(values.values()))}
    inserted: set[Any] = set()
    for some in _parts(list(zip(*values.values(), strict=True))):
        more = f", ({_places(len(values))})" * (len(some) - 1)
        inserted.update(one for (one,) in run(connection, sql + more + then, [*chain.from_iterable(some)]))
    return inserted


def select(
    connection: Connection,
    columns: Sequence[Column[Any]],
    key: Column[Any],
    values: Sequence[bytes] | Sequence[str],
    *,
    lock: bool,
) -> list[tuple[Any, ...]]:
    """Read these columns of the rows whose key is one of these values, without duplicates.

    `lock`: whether PostgreSQL locks the rows until the commit, in the order of the key, and returns their state then.
    """
    names = ", ".join(_name(column.name) for column in columns)
    then = f" ORDER BY {_name(key.name)} FOR UPDATE" if lock and _is_postgresql(connection) else ""
    head = f"SELECT {names} FROM {_name(key.table.name)} WHERE {_name(key.name)} "
    found: list[tuple[Any, ...]] = []
    for condition, parameters in among(connection, key, values):
        found += run(connection, f"{head}{condition}{then}", parameters)
    return found


def delete(connection: Connection, key: Column[Any], values: Sequence[bytes], also: str = "") -> None:
    """Delete the rows whose key is one of these values, if the condition `also` (SQL) holds for them."""
    head = f"DELETE FROM {_name(key.table.name)} WHERE {also}{' AND ' if also else ''}{_name(key.name)} "
    for condition, parameters in among(connection, key, values):
        run(connection, head + condition, parameters)


def among(
    connection: Connection, key: Column[Any], values: Sequence[bytes] | Sequence[str]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield SQL conditions, with their parameters, that together select the rows whose key is one of these values.

    The caller writes the key's name before each condition. PostgreSQL gets one; SQLite gets several for many values.
    """
    if _is_postgresql(connection):
        yield f"= ANY(%b::{_ARRAYS[key.type.python_type]})", (list(values),)
    else:
        for some in _parts(values):
            yield f"IN ({_places(len(some))})", tuple(some)


def _insert(connection: Connection, table: Table, rows: Rows, then: str) -> None:
    values = _by_column(table, rows)
    sql = _insert_into(table, tuple(values), connection.dialect.name) + then
    if _is_postgresql(connection):
        run(connection, sql, tuple(values.values()))
    else:
        run_for_each(connection, sql, list(zip(*values.values(), strict=True)))


def _by_column(table: Table, rows: Rows) -> dict[str, list[Any]]:
    """Return the values of each column of the table, the default if the rows leave the column out."""
    values = {name: [row[name] for row in rows] for name in rows[0] if name in table.columns}
    for name, default in _defaults(table):
        if name not in values:
            values[name] = [default] * len(rows)
    return values


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Return parts of the values. The last value fills each to a power of two, so that few statements are prepared."""
    for at in range(0, len(values), _MOST_ROWS):
        part = list(values[at : at + _MOST_ROWS])
        power = 1 << (len(part) - 1).bit_length()
        yield part + part[-1:] * (power - len(part))


def _places(number: int) -> str:
    return ", ".join("?" * number)


def _name(name: str) -> str:
    return f'"{name}"'


@cache
def _defaults(table: Table) -> Sequence[tuple[str, Any]]:
    columns = [(column.name, column.default) for column in table.columns]
    return [(name, default.arg) for name, default in columns if isinstance(default, ScalarElementColumnDefault)]


@cache
def _insert_into(table: Table, columns: Sequence[str], dialect: str) -> str:
    head = f"INSERT INTO {_name(table.name)} ({', '.join(map(_name, columns))})"
    if dialect != "postgresql":
        return f"{head} VALUES ({_places(len(columns))})"
    # "%b": an array in binary form takes a tenth of the time of one in text form.
    arrays = ", ".join(f"%b::{_ARRAYS[table.c[name].type.python_type]}" for name in columns)
    return f"{head} SELECT * FROM unnest({arrays})"


@cache
def _replacing(table: Table) -> str:
    key = ", ".join(_name(column.name) for column in table.primary_key)
    others = [_name(column.name) for column in table.columns if not column.primary_key]
    return f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in others)}"


T = TypeVar("T")
Values = Sequence[Any]
"""One value for each placeholder of a statement."""


def run(connection: Connection, sql: str, values: Values) -> list[tuple[Any, ...]]:
    """Run a statement, and return the rows that it returns."""

    def execute(driver: Any) -> list[tuple[Any, ...]]:
        cursor = driver.execute(sql, values)
        return cursor.fetchall() if cursor.description else []

    return _through(connection, sql, execute)


def stream(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """Read the rows of a query as the driver returns them, some at a time."""
    with connection.execute(query.execution_options(stream_results=True)) as result:
        cursor: Any = result.cursor
        some: Sequence[Any] = result.fetchmany(1)  # which SQLAlchemy reads ahead
        while some:
            yield from some
            some = cursor.fetchmany(_AT_ONCE)


def run_for_each(connection: Connection, sql: str, rows: Sequence[Values]) -> None:
    """Run a statement of SQLite once for each of these rows."""
    _through(connection, sql, lambda driver: driver.executemany(sql, rows))


def _through(connection: Connection, sql: str, run_on: Callable[[Any], T]) -> T:
    if not connection.in_transaction():
        connection.begin()
    driver = connection.connection.dbapi_connection
    error_of_driver = connection.dialect.loaded_dbapi.Error
    try:
        return run_on(driver)
    except error_of_driver as error:
        is_broken = connection.dialect.is_disconnect(error, driver, None)
        if is_broken:
            connection.invalidate(error)
        raise DBAPIError.instance(
            sql,
            None,
            error,
            error_of_driver,
            hide_parameters=True,
            connection_invalidated=is_broken,
            dialect=connection.dialect,
        ) from error
