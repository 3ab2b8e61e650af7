"""A consistent snapshot of both databases, read while other processes go on writing.

A transaction that uses both databases commits the key store first, then the main database. A snapshot of each, taken
one after the other, could fall between these commits. So such transactions are delayed for the milliseconds that both
snapshots take.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, Table, select, text
from sqlalchemy.exc import OperationalError

from satark.store.engines import reading_engine
from satark.store.tables import erased_tip, key_canary
from satark.store.unit_of_work import BOTH_DATABASES

ATTEMPTS: Final = 50
"""Most attempts to find a moment without such a transaction."""
WAIT_MS: Final = 200
"""Milliseconds that one attempt waits on PostgreSQL: less than its `deadlock_timeout`, so the attempt ends first."""


class SnapshotBusy(Exception):  # noqa: N818 - it reads as what it says
    """No moment was found in which no transaction wrote to both databases: try again."""


@contextmanager
def consistent_snapshot(main: Engine, keys: Engine) -> Iterator[tuple[Connection, Connection]]:
    """Open a connection to each database; both read from one point for as long as the block runs.

    Raises:
        SnapshotBusy: transactions write to both databases without a pause.
        sqlalchemy.exc.SQLAlchemyError: a database does not answer.
    """
    with reading_engine(main).connect() as on_main, reading_engine(keys).connect() as on_keys:
        for _ in range(ATTEMPTS):
            with _nobody_writing_both(main) as nobody:
                if nobody:
                    # A snapshot is taken by the first read of a table.
                    _touch(on_main, key_canary)
                    _touch(on_keys, erased_tip)
                    break
        else:
            raise SnapshotBusy("both databases are written without a pause, try again")
        yield on_main, on_keys


@contextmanager
def _nobody_writing_both(main: Engine) -> Iterator[bool]:
    """Keep every transaction that writes to both databases from beginning; False: one is under way."""
    with main.connect() as lock:
        try:
            lock.begin()  # on SQLite this is the write lock of the main database, which every transaction begins with
            if lock.dialect.name == "postgresql":
                lock.execute(text(f"SET LOCAL lock_timeout = {WAIT_MS}"))
                lock.execute(text(f"SELECT pg_advisory_xact_lock({BOTH_DATABASES})"))
        except OperationalError as error:
            is_lock = type(error.orig).__name__ == "LockNotAvailable" or "locked" in str(error.orig)
            if error.connection_invalidated or not is_lock:
                raise
            yield False
            return
        yield True
        lock.rollback()


def _touch(connection: Connection, table: Table) -> None:
    connection.execute(select(table).limit(1)).first()
