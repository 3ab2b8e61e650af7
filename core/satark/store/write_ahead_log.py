"""Erases SQLite's write-ahead log, where deleted rows remain: overwrites and truncates the log after an erasure.

If the log were only truncated, its blocks would stay on the disk with their content. PostgreSQL has no such call: the
content of its log is sealed under epoch keys that are destroyed, or to keys that this machine does not have.
"""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from satark.store.engines import let_wait

READER_WAIT_MS: Final = 200
"""Milliseconds to wait for readers of the log. Meanwhile every turn waits."""
_BLOCK: Final = bytes(1 << 16)
_HEADER: Final = 32


class LogEraser:
    """Erases the logs of both databases, if something was deleted since the last erasure."""

    def __init__(self, engines: Iterable[Engine]) -> None:
        self._engines = tuple(engines)
        self._noted = False

    def note(self) -> None:
        """Record that a committed transaction deleted something that nobody may read any more."""
        self._noted = True

    def erase_if_noted(self) -> None:
        """Erase the logs if `note` was called. If a reader uses a log, the next call erases that log. Blocks."""
        if self._noted:
            self._noted = False
            self._noted = not self.erase()

    def erase(self) -> bool:
        """Erase the logs; False: a reader or another process uses one of them. Blocks."""
        done = [erase_log(engine) for engine in self._engines]
        return all(done)


def erase_log(engine: Engine) -> bool:
    """Move a SQLite log into its database, overwrite the log with zeros, truncate it, and flush it to disk.

    Return False if somebody used the log, so that nothing was overwritten; True for PostgreSQL.
    """
    if engine.dialect.name != "sqlite":
        return True
    log = Path(f"{engine.url.database}-wal")
    if not any(_head(log)):
        return True  # nothing was written since the last time
    with suppress(DBAPIError, sqlite3.OperationalError):
        return _on_connection(engine, log)
    return False


def _on_connection(engine: Engine, log: Path) -> bool:
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        let_wait(connection, READER_WAIT_MS)
        return _erase(cursor, log)


def _erase(cursor: Any, log: Path) -> bool:
    """Overwrite the log while no transaction needs any of it.

    RESTART returns when every frame is in the database and no reader reads frames. While this connection holds the
    write lock nobody can append to the log; `data_version` tells whether somebody appended to it just before.
    """
    before = _version(cursor), _head(log)
    cursor.execute("PRAGMA wal_checkpoint(RESTART)")
    busy, frames, moved = cursor.fetchone()
    if busy or frames != moved:
        return False
    cursor.execute("BEGIN IMMEDIATE")
    try:
        if (_version(cursor), _head(log)) != before:
            return False
        _overwrite(log)
    finally:
        cursor.execute("ROLLBACK")
    _truncate(cursor)
    return True


def _truncate(cursor: Any) -> None:
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    cursor.fetchone()


def _version(cursor: Any) -> int:
    cursor.execute("PRAGMA data_version")
    return int(cursor.fetchone()[0])


def _head(log: Path) -> bytes:
    """Return the log's header. It changes when the log begins anew. If it is empty or zeros, the log is empty."""
    try:
        with log.open("rb") as file:
            return file.read(_HEADER)
    except FileNotFoundError:
        return b""


def _overwrite(log: Path) -> None:
    """Overwrite the log in place, its header first: after a crash in between the log counts as empty."""
    with log.open("r+b", buffering=0) as file:
        left = os.fstat(file.fileno()).st_size
        while left > 0:
            left -= file.write(_BLOCK[:left])
        os.fsync(file.fileno())
