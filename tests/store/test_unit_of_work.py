"""What a savepoint undoes, and what it leaves alone, in both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from satark.services import Services
from satark.store import tables, tip_changes
from satark.store.unit_of_work import UnitOfWork
from support.store import fresh_services


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    services = fresh_services(tmp_path / "data", database_url=databases.main, keys_url=databases.keys)
    yield services
    services.main.dispose()
    services.keys.dispose()


def seen(key: bytes) -> dict[str, object]:
    return {"key": key, "day": 1}


def keys_of(services: Services) -> set[bytes]:
    return {bytes(key) for key in services.read(lambda main: main.execute(select(tables.seen.c.key)).scalars().all())}


def test_a_block_that_raises_undoes_its_rows_and_no_others(services: Services) -> None:
    def write(unit: UnitOfWork) -> None:
        unit.insert(tables.seen, [seen(b"before")])
        unit.queue(tables.seen, [seen(b"queued before")])
        with suppress(ValueError), unit.savepoint():
            unit.insert(tables.seen, [seen(b"inside")])
            unit.queue(tables.seen, [seen(b"queued inside")])
            tip_changes.note(unit, "a tip")
            raise ValueError("planted")
        unit.insert(tables.seen, [seen(b"after")])
        tip_changes.note(unit, "another")
        assert unit.changed_tips == {"another"}
        assert len(unit._last) == 1, "what the block would have written last"

    services.write_now(write)
    assert keys_of(services) == {b"before", b"queued before", b"after"}


def test_a_row_that_can_not_be_written_is_undone_where_it_was_queued(services: Services) -> None:
    def write(unit: UnitOfWork) -> None:
        unit.queue(tables.seen, [seen(b"before")])
        with pytest.raises(SQLAlchemyError), unit.savepoint():
            unit.queue(tables.seen, [{"key": b"inside", "day": None}])

    services.write_now(write)
    assert keys_of(services) == {b"before"}


def test_rows_that_a_block_writes_are_committed_with_the_rest(services: Services) -> None:
    def write(unit: UnitOfWork) -> None:
        with unit.savepoint():
            unit.queue(tables.seen, [seen(b"inside")])

    services.write_now(write)
    assert keys_of(services) == {b"inside"}
