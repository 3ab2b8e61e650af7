"""Unit of work: one transaction over both databases, a snapshot of both, and when a reply, delivery or file is due.

If a clock is ahead and then set back, its due times are far in the future, and tips would wait until then. So each row
also stores how many seconds it should wait.

A transaction that uses both databases commits the key store first, then the main database. A snapshot of each, taken
one after the other, could fall between these commits. So such transactions are delayed for the milliseconds that both
snapshots take.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from secrets import token_hex
from typing import Any, Final, Self, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Table, case, delete, select, text, update
from sqlalchemy.exc import OperationalError

from satark.identity.time_buckets import BAND_HOURS
from satark.store import bulk
from satark.store.engines import is_database_fault, reading_engine
from satark.store.tables import delivery, erased_tip, file, key_canary, outbox
from satark.store.tables import keys as keys_metadata

T = TypeVar("T")

BOTH_DATABASES: Final = 0x5A7A_4B01
"""PostgreSQL's advisory lock. A transaction that writes to both databases shares the lock (see `store.snapshot`)."""


class UnitOfWork:
    """One transaction of `main`, and of `keys` if that is used.

    `keys` is committed first. A crash between the two commits leaves an envelope without a tip. Such an envelope opens
    nothing, and the same turn replaces it when it runs again. The other order could leave a tip that nobody can open.
    """

    def __init__(self, main: Connection, keys: Callable[[], Connection]) -> None:
        self.main = main
        self._connect_keys = keys
        self._keys: Connection | None = None
        self._queued: dict[Table, list[Mapping[str, Any]]] = {}
        self._last: list[Callable[[], None]] = []
        self._after: list[Callable[[], None]] = []
        self._after_keys: list[Callable[[], None]] = []
        self.now = int(time.time())
        self._read: dict[Callable[[Self], Any], Any] = {}
        self.taken_tips: list[bool] = []
        """Tip that this transaction accepts → whether it is new to the key store. `store.tip_counts` counts them."""
        self.changed_tips: set[str] = set()
        """Ids of the tips that this transaction changes: `store.tip_changes` notes them."""
        self.process = ""
        """The random name under which tips are counted."""
        self.custody_head: bytes | None = None
        """The head of the custody log before this transaction; None until it appends to the log."""

    @property
    def day(self) -> int:
        """Today, in days since 1970 (UTC)."""
        return self.now // 86400

    @property
    def keys(self) -> Connection:
        """The connection to the key store. Its transaction begins at the first use."""
        if self._keys is None:
            if self.main.dialect.name == "postgresql":  # SQLite's main database has one writer at a time
                self.main.execute(text(f"SELECT pg_advisory_xact_lock_shared({BOTH_DATABASES})"))
            self._keys = self._connect_keys()
            self._keys.begin()
        return self._keys

    def once(self, read: Callable[[Self], T]) -> T:
        """Return what `read` returns for this transaction, which calls it once for all its turns."""
        if read not in self._read:
            self._read[read] = read(self)
        found: T = self._read[read]
        return found

    def forget(self, read: Callable[[Self], Any]) -> None:
        """Let `once` call `read` again: the transaction changed what it reads."""
        self._read.pop(read, None)

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows into the main database, if there are any."""
        bulk.insert(self.main, table, rows)

    def queue(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows before the commit, in one statement with all other rows queued for the same table.

        Only for rows that this transaction does not read. In the key store, a row replaces
        the stored row that has the same primary key.
        """
        self._queued.setdefault(table, []).extend(rows)

    def run_last(self, write: Callable[[], None]) -> None:
        """Run a write last, right before the commit. Use it for rows whose lock every transaction needs.

        While a transaction waits for such a lock, the lock's holder needs no other lock any more.
        """
        self._last.append(write)

    def run_after(self, do: Callable[[], None], *, keys: bool = False) -> None:
        """Do something once both databases are committed (`keys`: once the key store is); nothing if they are not."""
        (self._after_keys if keys else self._after).append(do)

    def insert_new(self, table: Table, rows: Sequence[Mapping[str, Any]], returning: str) -> set[Any]:
        """Insert rows that do not exist yet, in the table's database; return the `returning` column of those inserted.

        Waits for the outcome of a competing transaction.
        """
        if not rows:
            return set()
        connection = self.keys if table.metadata is keys_metadata else self.main
        return bulk.insert_new(connection, table, rows, returning)

    def delete_some(self, table: Table, *where: ColumnElement[bool], most: int) -> int:
        """Delete rows of the main database for which all these conditions hold; return how many.

        Deletes at most `most` rows, so that nobody waits long. Rows that another transaction has locked stay.
        """
        (key,) = table.primary_key
        some = select(key).where(*where).limit(most).with_for_update(skip_locked=True)
        return self.main.execute(delete(table).where(key.in_(some))).rowcount

    def upsert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows into the key store, or replace those with the same primary key."""
        if rows:
            bulk.upsert(self.keys, table, rows)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """If the block raises, undo the block's writes, and no others. Rows that it queues are written at its end."""
        queued, self._queued = self._queued, {}
        before = [*self._last], [*self._after], {*self.changed_tips}, [*self.taken_tips], self.custody_head
        try:
            with self.main.begin_nested(), self.keys.begin_nested():
                yield
                self._write_queued()
        except BaseException:
            self._last, self._after, self.changed_tips, self.taken_tips, self.custody_head = before
            raise
        finally:
            self._queued = queued

    def finish(self) -> None:
        """Insert the queued rows and run the last writes, but do not commit."""
        self._write_queued()
        last, self._last = self._last, []
        for write in last:
            write()

    def _write_queued(self) -> None:
        queued, self._queued = self._queued, {}
        for table, rows in queued.items():
            if table.metadata is keys_metadata:
                self.upsert(table, rows)
            else:
                self.insert(table, rows)

    def commit(self) -> None:
        """Call `finish`, then commit the key store, then the main database; then do what `run_after` was given."""
        self.finish()
        if self._keys is not None:
            self._keys.commit()
            for do in self._after_keys:
                do()
        self.main.commit()
        for do in self._after:
            do()


class Connections:
    """The connections of one thread to both databases, for one transaction after another.

    Connections are taken from their pools once, since that takes as long as a short transaction. After a transaction
    that failed they are returned, and the next transaction takes others: a pool replaces broken connections.
    """

    def __init__(self, main: Engine, keys: Engine) -> None:
        self._engines = {"main": main, "keys": keys}
        self._taken: dict[str, Connection] = {}
        self._process = token_hex(8)

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """Run one transaction: commit it at the end, or roll it back if the block raises."""
        try:
            unit = UnitOfWork(self._take("main"), lambda: self._take("keys"))
            unit.process = self._process
            unit.main.begin()
            yield unit
            unit.commit()
        except BaseException as error:
            if is_database_fault(error):
                self._break()
                self._process = token_hex(8)  # the database may be another one from now on
            self.close()
            raise

    def close(self) -> None:
        """Return the connections to their pools, which rolls back uncommitted writes."""
        with ExitStack() as stack:
            while self._taken:
                _, connection = self._taken.popitem()
                stack.callback(connection.close)

    def _break(self) -> None:
        """Remove connections to a failed server from the pool: after a failover the old primary is read-only."""
        for connection in self._taken.values():
            if connection.dialect.name == "postgresql":
                connection.invalidate()

    def _take(self, name: str) -> Connection:
        if name not in self._taken:
            self._taken[name] = self._engines[name].connect()
        return self._taken[name]


@contextmanager
def unit_of_work(main: Engine, keys: Engine) -> Iterator[UnitOfWork]:
    """Run one transaction: commit it at the end, or roll it back if the block raises."""
    with closing(Connections(main, keys)) as connections, connections.transaction() as unit:
        yield unit


OVERDUE: Final = 900
"""Seconds after which a row counts as overdue: no process takes it."""
CLOCKS_APART: Final = 60
"""Seconds by which the clocks of two processes may differ."""


def due_in(seconds: float, now: int) -> dict[str, int]:
    """Return the columns `due_at` and `wait` of a row that is due in this many seconds."""
    return {"due_at": now + int(seconds), "wait": int(seconds)}


LONGEST_WAIT: Final = 2 * 86_400
"""Most seconds that a row waits, whatever it stores: twice the longest `delivery_minutes`."""


def shorten_waits(unit: UnitOfWork) -> None:
    """Shorten each remaining wait that is longer than the wait that its row stores, or than `LONGEST_WAIT`.

    A row that is long overdue loses the exact time: only the band in which it was due stays.
    """
    for table in (outbox, delivery, file):
        row = table.c
        within = row.due_at % (BAND_HOURS * 3600)
        overdue = (row.state == "due", row.due_at < unit.now - OVERDUE, within != 0)
        unit.main.execute(update(table).where(*overdue).values(due_at=row.due_at - within))
        wait = case((row.wait > LONGEST_WAIT, LONGEST_WAIT), else_=row.wait)
        too_late = (row.due_at > unit.now + CLOCKS_APART, row.due_at > unit.now + CLOCKS_APART + wait)
        unit.main.execute(update(table).where(row.state == "due", *too_late).values(due_at=unit.now + wait))


ATTEMPTS: Final = 50
"""Most attempts to find a moment in which no transaction writes to both databases."""
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
                    for connection in (on_main, on_keys):  # while the other is copied, one is idle, and locks nothing
                        if connection.dialect.name == "postgresql":
                            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '1d'"))
                    # A snapshot is taken by the first read of a table.
                    _touch(on_main, key_canary)
                    _touch(on_keys, erased_tip)
                    break
        else:
            raise SnapshotBusy("both databases are written without a pause, try again")
        yield on_main, on_keys


@contextmanager
def _nobody_writing_both(main: Engine) -> Iterator[bool]:
    """Keep every transaction that writes to both databases from beginning; return False if one is under way."""
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
