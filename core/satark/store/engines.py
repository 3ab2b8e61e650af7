"""Database engines. Their configuration makes a commit durable, and lets a deletion leave nothing behind."""

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, LargeBinary, PoolProxiedConnection, create_engine, event, exc
from sqlalchemy.engine import make_url

BUSY_SECONDS = 8
"""Seconds that a SQLite connection waits for a write of another process, such as a command beside the server.

Providers of text messages and calls wait 15 seconds for a response, so Satark must give up earlier.
"""
_FILE: Final = "satark_file"
_LOOK_SECONDS: Final = 0.001
"""Seconds between two checks whether the other process's write has ended."""
CONNECT_SECONDS = 5
"""Seconds to wait for a PostgreSQL server that does not respond, while connecting and within a connection."""

_PRIMARY_CODE: Final = 0xFF
"""Bits of an error's code that tell its kind (sqlite.org/rescode.html, "Primary Result Codes")."""
_TIMEOUTS: Final = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": CONNECT_SECONDS * 1000,
    "keepalives_idle": CONNECT_SECONDS,
    "keepalives_interval": 1,
}
"""Options of libpq: how long it waits for a server, and when it detects that a server vanished during a query."""
IDLE_SECONDS: Final = 60
"""Seconds after which the server ends a transaction whose process is silent, and with it the locks: the process is
stopped, or a proxy between answers for a dead machine."""
_SERVER_KEEPALIVES: Final = {
    "tcp_keepalives_idle": CONNECT_SECONDS,
    "tcp_keepalives_interval": 1,
    "tcp_keepalives_count": CONNECT_SECONDS,
    "tcp_user_timeout": 2000 * CONNECT_SECONDS,
}
"""When the server detects that this machine is dead, so that what it locked is free 10 seconds later."""
_SERVER_TIMEOUTS: Final = (
    "SET lock_timeout = '5s'",  # tried twice before a batch is spooled: see `BUSY_SECONDS`
    "SET statement_timeout = '60s'",
    f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'",
    *(f"SET {name} = {value}" for name, value in _SERVER_KEEPALIVES.items()),
)
"""Settings for a PostgreSQL server at each new connection. A migration has no time limit."""


def is_database_fault(error: BaseException) -> bool:
    """Whether an error is the database's fault: it is down, read-only, full, locked or damaged.

    All other errors are, except those of a value that can't be stored or of a row that contradicts another.
    """
    if isinstance(error, exc.ProgrammingError):  # the server's own has a code: a table is missing, or a right
        return bool(getattr(error.orig, "sqlstate", None))
    if isinstance(error, exc.StatementError):
        return isinstance(error, exc.DBAPIError) and not isinstance(error, exc.DataError | exc.IntegrityError)
    return isinstance(error, exc.SQLAlchemyError)


class DatabaseUrlError(ValueError):
    """A database URL can't be used; the message continues the sentence "the setting …"."""


def make_engine(url: str) -> Engine:
    """Create an engine for SQLite or PostgreSQL.

    Raises:
        DatabaseUrlError: the URL can't be parsed, names another kind of database, or names a file that can't be made.
    """
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):  # the latter where the port is no number
        raise DatabaseUrlError("is not a database URL") from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed.database or "", url)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(url)
    raise DatabaseUrlError(f"{parsed.get_backend_name()} is not supported")


def reading_engine(engine: Engine) -> Engine:
    """Return the engine for reading. Its transactions wait for no writer, and each reads from one snapshot."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(satark_begin="DEFERRED")
    return engine.execution_options(isolation_level="REPEATABLE READ")


def _sqlite(database: str, url: str) -> Engine:
    try:
        file = Path(database)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)
    except (OSError, ValueError) as error:  # the latter where the name holds a null character
        why = getattr(error, "strerror", None) or error
        message = f"{database} can't be created ({why}); without this setting it is put into data_dir"
        raise DatabaseUrlError(message) from None
    options = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=options, hide_parameters=True)
    engine.dialect.colspecs = {**engine.dialect.colspecs, LargeBinary: _Bytes}

    @event.listens_for(engine, "connect")
    def connect(connection: Any, connection_of: Any) -> None:
        # The driver must not begin transactions: it would begin them deferred, and two writers could both read before
        # either takes the lock.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection_of.info[_FILE] = _mark(database)

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("satark_begin", "IMMEDIATE")
        if mode == "DEFERRED":
            let_wait(connection.connection, BUSY_SECONDS * 1000)
            connection.exec_driver_sql("BEGIN DEFERRED")
        else:
            if connection.connection.info[_FILE] != _mark(database):
                raise exc.OperationalError("BEGIN", None, FileNotFoundError(database))
            let_wait(connection.connection, 0)
            _begin_to_write(connection)

    return engine


def _mark(database: str) -> tuple[int, int]:
    """Return a mark that identifies a database's file. Writes to a file that was replaced would be lost."""
    with suppress(OSError):
        found = Path(database).stat()
        return found.st_dev, found.st_ino
    return 0, 0


def let_wait(connection: PoolProxiedConnection, milliseconds: int) -> None:
    """Set how long a connection of SQLite waits for a lock, until this is called again."""
    if connection.info.get("satark_wait") != milliseconds:
        connection.cursor().execute(f"PRAGMA busy_timeout={milliseconds}")
        connection.info["satark_wait"] = milliseconds


def _begin_to_write(connection: Any) -> None:
    """Begin a transaction once no other process writes.

    SQLite's own wait sleeps longer each time, up to 100 ms. That would cost two busy servers a third of their time.
    """
    driver = connection.connection.dbapi_connection
    deadline = time.monotonic() + BUSY_SECONDS
    while _is_busy(driver) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    if not driver.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # so that its failure is one of SQLAlchemy's


def _is_busy(driver: sqlite3.Connection) -> bool:
    """Try to begin a transaction that writes. True: it did not begin, since another process has one."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        return error.sqlite_errorcode & _PRIMARY_CODE == sqlite3.SQLITE_BUSY
    return False


class _Bytes(LargeBinary):
    """Bytes that go to and from the driver unchanged. SQLAlchemy's own type would copy each value."""

    def bind_processor(self, dialect: Any) -> None:
        """Return None: values stay unchanged."""

    def result_processor(self, dialect: Any, coltype: Any) -> None:
        """Return None: values stay unchanged."""


def _postgresql(url: str) -> Engine:
    try:
        engine = create_engine(
            url, pool_pre_ping=True, pool_size=8, max_overflow=8, connect_args=_TIMEOUTS, hide_parameters=True
        )
    except ModuleNotFoundError:
        raise DatabaseUrlError("needs the extra: pip install 'satark[postgres]'") from None

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        for statement in _SERVER_TIMEOUTS:
            connection.execute(statement)
        connection.commit()

    return engine
