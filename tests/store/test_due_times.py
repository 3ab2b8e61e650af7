"""Due times that a clock stored while it was ahead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select, update

from satark.services import Services
from satark.store import deliveries, tables
from satark.store.due_times import LATEST, make_due
from satark.store.unit_of_work import UnitOfWork
from satark.testing.store import fresh_services

HOUR = 3600
WAIT = 600
FILE = {"tip": "f" * 32, "ordinal": "1", "job": b"", "record": b""}
REPLY = {"conversation": b"c", "id": b"i" * 16, "call": b"", "must_arrive": True, "position": 1}
ROWS: dict[Table, dict[str, Any]] = {
    tables.delivery: {"id": b"d" * 16, "tip": "f" * 32, "destination": "paper:sp", "revision": 1},
    tables.file: FILE,
    tables.outbox: REPLY,
}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


def planted(unit: UnitOfWork, table: Table, late: int, reason: str) -> int:
    """Insert a due row; return by how many seconds it was made due earlier."""
    row = {**ROWS[table], "state": "due", "attempts": 0, "due_at": unit.now + late, "reason": reason}
    unit.insert(table, [row])
    make_due(unit, WAIT)
    due_at: int = unit.main.execute(select(table.c.due_at)).scalar_one()
    return late - (due_at - unit.now)


@pytest.mark.parametrize("table", ROWS, ids=lambda table: table.name)
@pytest.mark.parametrize(("late", "reason"), [(24 * HOUR, ""), (1, "")])
def test_what_nothing_put_off_is_due_now(services: Services, table: Table, late: int, reason: str) -> None:
    late += LATEST[table]
    assert services.write_now(lambda unit: planted(unit, table, late, reason)) == late


@pytest.mark.parametrize("table", ROWS, ids=lambda table: table.name)
@pytest.mark.parametrize(("late", "reason"), [(0, ""), (-5, ""), (24 * HOUR, "throttled")])
def test_what_is_claimed_or_put_off_by_an_attempt_waits(
    services: Services, table: Table, late: int, reason: str
) -> None:
    assert services.write_now(lambda unit: planted(unit, table, LATEST[table] + late, reason)) == 0


@pytest.mark.parametrize(("late", "brought"), [(WAIT + 121, WAIT + 121), (WAIT + 119, 0)])
def test_a_delivery_waits_for_files_no_longer_than_set(services: Services, late: int, brought: int) -> None:
    reason = deliveries.WAITING_FOR_FILES
    assert services.write_now(lambda unit: planted(unit, tables.delivery, late, reason)) == brought


def test_what_is_done_is_left_alone(services: Services) -> None:
    def write(unit: UnitOfWork) -> int:
        unit.insert(tables.delivery, [deliveries.new_row("f" * 32, "paper:sp", unit.now + 24 * HOUR)])
        unit.main.execute(update(tables.delivery).values(state="done"))
        make_due(unit, WAIT)
        return int(unit.main.execute(select(tables.delivery.c.due_at)).scalar_one()) - unit.now

    assert services.write_now(write) == 24 * HOUR
