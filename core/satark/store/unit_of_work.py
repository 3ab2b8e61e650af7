"""One transaction over both databases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite

from satark.store.tables import keys as keys_metadata


class UnitOfWork:
    """The transaction of a turn, or of any other write: `main`, and `keys` where it is touched.

    `keys` is committed first. A crash between the two leaves an envelope of a tip that never came to be: it opens
    nothing, and the same turn, taken again, replaces it. The other order could leave a tip that nobody can open.
    """

    def __init__(self, main: Connection, keys: Engine) -> None:
        self.main = main
        self._keys_engine = keys
        self._keys: Connection | None = None
        self._queued: dict[Table, list[Mapping[str, Any]]] = {}
        self._last: list[Callable[[], None]] = []
        self.now = int(time.time())
        self.desks: Sequence[Any] | None = None
        """The desks as this transaction found them, once one of its turns has asked."""
        self.custody_head: bytes | None = None
        """The end of the custody log as this transaction found it, once it has added to the log."""

    @property
    def day(self) -> int:
        """Today, in days since 1970 (UTC)."""
        return self.now // 86400

    @property
    def keys(self) -> Connection:
        """The key store's connection, in a transaction of its own that begins here."""
        if self._keys is None:
            self._keys = self._keys_engine.connect()
            self._keys.begin()
        return self._keys

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows into the main database, if there are any."""
        if rows:
            self.main.execute(table.insert(), list(rows))

    def queue(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows at the end of the transaction, with all others for the same table in one statement.

        For rows that nothing reads before that; rows of the key store replace what stands under the same key.
        """
        self._queued.setdefault(table, []).extend(rows)

    def lastly(self, write: Callable[[], None]) -> None:
        """Carry out a write at the very end of the transaction: for rows whose lock everybody needs, taken last.

        A transaction that waits for such a lock holds nothing that its holder could still want.
        """
        self._last.append(write)

    def insert_new(self, table: Table, rows: Sequence[Mapping[str, Any]], returning: str) -> set[Any]:
        """Insert the rows that are not there yet; give their keys. Waits for a competing transaction's outcome."""
        if not rows:
            return set()
        column = table.c[returning]
        statement = _dialect_insert(self.main)(table).on_conflict_do_nothing().returning(column)
        return set(self.main.execute(statement, list(rows)).scalars())

    def replace(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows into the key store, over whatever stands under the same primary key."""
        if not rows:
            return
        statement = _dialect_insert(self.keys)(table)
        changed = {c.name: statement.excluded[c.name] for c in table.columns if not c.primary_key}
        self.keys.execute(
            statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed), list(rows)
        )

    def finish(self) -> None:
        """Carry out what is queued, then commit: the keys first, and durably."""
        for table, rows in self._queued.items():
            if table.metadata is keys_metadata:
                self.replace(table, rows)
            else:
                self.insert(table, rows)
        for write in self._last:
            write()
        if self._keys is not None:
            self._keys.commit()
        self.main.commit()

    def release(self) -> None:
        """Give the connections back; whatever was not committed is undone."""
        if self._keys is not None:
            self._keys.close()
        self.main.close()


@contextmanager
def unit_of_work(main: Engine, keys: Engine) -> Iterator[UnitOfWork]:
    """Run one transaction; commit at the end, or undo it where the block raises."""
    unit = UnitOfWork(main.connect(), keys)
    try:
        unit.main.begin()
        yield unit
        unit.finish()
    finally:
        unit.release()


def _dialect_insert(connection: Connection) -> Any:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
