"""Statements through a database's driver: SQLAlchemy takes some 20 µs with each, and its database as little as two.

What fails raises SQLAlchemy's errors all the same, and their texts show no values. SQLAlchemy's events are not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")
Values = Sequence[Any]
"""The values of a statement's places."""


def run(connection: Connection, sql: str, values: Values) -> list[tuple[Any, ...]]:
    """Run a statement, and return the rows that it returns."""

    def execute(driver: Any) -> list[tuple[Any, ...]]:
        cursor = driver.execute(sql, values)
        return cursor.fetchall() if cursor.description else []

    return _through(connection, sql, execute)


def run_for_each(connection: Connection, sql: str, rows: Sequence[Values]) -> None:
    """Run a statement of SQLite's once for each of these."""
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
