"""Due times that a fast clock stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from satark.services import Services
from satark.store import deliveries, outbox, tables
from satark.store.unit_of_work import CLOCKS_APART, UnitOfWork, due_in, shorten_waits
from support.store import fresh_services

HOUR = 3600
WAIT = 600
ROWS: dict[Table, dict[str, Any]] = {
    tables.delivery: {"id": b"d" * 16, "tip": "f" * 32, "destination": "paper:sp", "revision": 1},
    tables.file: {"tip": "f" * 32, "ordinal": "1", "job": b"", "record": b""},
    tables.outbox: {"conversation": b"c", "id": b"i" * 16, "call": b"", "must_arrive": True, "position": 1},
}
each_table = pytest.mark.parametrize("table", ROWS, ids=lambda table: table.name)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


def waits(services: Services, table: Table, ahead: int, wait: int, state: str = "due") -> int:
    """Insert a row by a clock that is ahead; return for how many seconds it still waits."""

    def write(unit: UnitOfWork) -> int:
        row = {**ROWS[table], "state": state, "attempts": 1, "reason": "throttled", **due_in(wait, unit.now + ahead)}
        unit.insert(table, [row])
        shorten_waits(unit)
        return int(unit.main.execute(select(table.c.due_at)).scalar_one()) - unit.now

    return services.write_now(write)


@each_table
@pytest.mark.parametrize("wait", [0, 2, WAIT])
@pytest.mark.parametrize("ahead", [CLOCKS_APART + 1, 24 * HOUR])
def test_no_row_waits_longer_than_its_stored_wait(services: Services, table: Table, wait: int, ahead: int) -> None:
    assert waits(services, table, ahead, wait) == wait


@each_table
@pytest.mark.parametrize("ahead", [0, -2 * WAIT, CLOCKS_APART])
def test_a_wait_stored_by_a_clock_that_is_right_or_behind_stays(services: Services, table: Table, ahead: int) -> None:
    assert waits(services, table, ahead, WAIT) == WAIT + ahead


@each_table
def test_a_finished_row_is_unchanged(services: Services, table: Table) -> None:
    assert waits(services, table, HOUR, 0, state="done") == HOUR


def put_off(unit: UnitOfWork, reply: bytes) -> None:
    outbox.retry_later(unit, reply, 1, 8, "transient")


def claim(unit: UnitOfWork, reply: bytes) -> None:
    outbox.renew_claims(unit, [reply])


@pytest.mark.parametrize(("act", "wait"), [(put_off, 8), (claim, outbox.SEND_LEASE)])
def test_a_reply_waits_as_long_as_its_stored_wait(
    services: Services, act: Callable[[UnitOfWork, bytes], None], wait: int
) -> None:
    row = {**ROWS[tables.outbox], "state": "due", "attempts": 0, "reason": "", **due_in(0, 0)}

    def write(unit: UnitOfWork) -> int:
        unit.insert(tables.outbox, [row])
        now, unit.now = unit.now, unit.now + HOUR
        act(unit, row["id"])
        unit.now = now
        shorten_waits(unit)
        return int(unit.main.execute(select(tables.outbox.c.due_at)).scalar_one()) - now

    assert services.write_now(write) == wait


def test_a_delivery_waits_as_long_as_its_stored_wait(services: Services) -> None:
    def write(unit: UnitOfWork) -> int:
        unit.insert(tables.delivery, [row := deliveries.new_row(unit.keys, "f" * 32, "paper:sp", unit.now)])
        [claimed] = deliveries.claim(unit, "paper:sp", 1)
        now, unit.now = unit.now, unit.now + HOUR
        deliveries.retry_later(unit, claimed.id, 1, 16, "unavailable")
        unit.now = now
        shorten_waits(unit)
        assert row["id"] == claimed.id
        return int(unit.main.execute(select(tables.delivery.c.due_at)).scalar_one()) - now

    assert services.write_now(write) == 16
