"""Tips are counted once by day in both databases, whatever interrupts a transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from satark.services import Services
from satark.store import tables, tip_counts
from satark.store.unit_of_work import Connections, UnitOfWork
from support.store import fresh_services


@pytest.fixture
def services(tmp_path: Path, databases: Any) -> Iterator[Services]:
    services = fresh_services(tmp_path / "data", database_url=databases.main, keys_url=databases.keys)
    yield services
    services.close()


def take(unit: UnitOfWork, tip: str) -> None:
    """Do what a submission does: count the tip, and store its key."""
    tip_counts.count(unit, tip)
    unit.queue(tables.envelope, [{"tip": tip, "holder": b"h" * 16, "cover": b"", "sealed": b""}])


def counts(services: Services) -> tuple[list[int], list[int]]:
    """Return the sorted counts of the main database and of the key store."""
    main = services.read(lambda c: tip_counts.read(c, tables.tip_count))
    return sorted(main.values()), sorted(services.read_keys(lambda c: tip_counts.read(c, tables.tip_witness)).values())


def test_each_tip_counts_once_in_both_databases(services: Services) -> None:
    with closing(Connections(services.main, services.keys)) as connections:
        for tips in ("ab", "c"):
            with connections.transaction() as unit:
                take(unit, f"before {tips}")
                with suppress(ZeroDivisionError), unit.savepoint():
                    take(unit, f"undone {tips}")
                    raise ZeroDivisionError
                for tip in tips:
                    take(unit, tip)
    assert counts(services) == ([5], [5])
    counted = services.read(lambda c: tip_counts.read(c, tables.tip_count))
    assert {day for day, _ in counted} <= {int(time.time()) // 86_400 - one for one in (0, 1)}


def test_a_tip_retried_after_a_crash_between_the_commits_counts_once(services: Services) -> None:
    with closing(Connections(services.main, services.keys)) as connections:
        with suppress(OperationalError), connections.transaction() as unit:
            take(unit, "a")
            unit.finish()
            unit.keys.commit()
            raise OperationalError("COMMIT", None, ConnectionError())
        assert counts(services) == ([], [1])
        for tip in "ab":
            with connections.transaction() as unit:
                take(unit, tip)
    # After the fault the process counts in a row of its own.
    assert counts(services) == ([2], [1, 1])
