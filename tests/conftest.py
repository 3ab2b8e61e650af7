"""What every room's tests share: the databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from satark.testing.postgres import empty_database, postgres_server


class Databases(NamedTuple):
    """The URLs of a main database and of a key store, both empty."""

    main: str
    keys: str


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Two empty databases, of each kind in turn."""
    if request.param == "sqlite":
        yield Databases(f"sqlite:///{tmp_path / 'main.db'}", f"sqlite:///{tmp_path / 'keys.db'}")
        return
    server = request.getfixturevalue("postgres")
    with ExitStack() as stack:
        main, keys = (stack.enter_context(empty_database(server)) for _ in range(2))
        yield Databases(main, keys)
