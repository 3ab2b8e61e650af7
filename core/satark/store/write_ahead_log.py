"""Erases SQLite's write-ahead log, in which deleted rows remain: it is overwritten and truncated after an erasure.

Truncating alone would leave its blocks, with their content, free on the disk. PostgreSQL has no such call: what its log
keeps is sealed under epoch keys that are destroyed, or to keys that this machine does not have.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import DBAPIError

from satark.store.engines import let_wait

if TYPE_CHECKING:
    from sqlalchemy import Engine

READER_WAIT_MS: Final = 200
"""Milliseconds to wait for readers of the log; every turn waits meanwhile."""
_BLOCK: Final = bytes(1 << 16)
_HEADER: Final = 32


class LogEraser:
    """Erases the logs of both databases, if something was deleted since the last time."""

    def __init__(self, engines: Iterable[Engine]) -> None:
        self._engines = tuple(engines)
        self._noted = False

    def note(self) -> None:
        """Note that a committed transaction deleted something that nobody may read any more."""
        self._noted = True

    def erase_if_noted(self) -> None:
        """Erase the logs if something was noted; a log that a reader holds is erased at the next call. Blocks."""
        if self._noted:
            self._noted = False
            self._noted = not self.erase()

    def erase(self) -> bool:
        """Erase the logs; False: a reader or another process holds one of them. Blocks."""
        done = [erase_log(engine) for engine in self._engines]
        return all(done)


def erase_log(engine: Engine) -> bool:
    """Move a SQLite log into its database, overwrite it with zeros, and truncate it; flushed to disk on return.

    Returns:
        False: a reader or a writer was in the way, and nothing was overwritten. True for PostgreSQL.
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

    RESTART returns when every frame is in the database and no reader reads frames. Nobody can append to the log while
    this connection holds the write lock, and `data_version` tells whether somebody did just before.
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
    """Return the log's header, which changes when the log begins anew. Empty or zeros means that the log is empty."""
    try:
        with log.open("rb") as file:
            return file.read(_HEADER)
    except FileNotFoundError:
        return b""


def _overwrite(log: Path) -> None:
    """Overwrite the log in place. Its header goes first: a crash in between leaves a log that counts as empty."""
    with log.open("r+b", buffering=0) as file:
        left = os.fstat(file.fileno()).st_size
        while left > 0:
            left -= file.write(_BLOCK[:left])
        os.fsync(file.fileno())
