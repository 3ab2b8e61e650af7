"""Open circuit breakers: destinations that are down, one row each, shared by all processes.

A breaker's row is added when the breaker opens, and deleted when it closes. From `half_open_at` on, one process at a
time may send trial deliveries; each failed trial doubles the pause before the next one.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, select, update

from satark.store import tables
from satark.store.unit_of_work import UnitOfWork

FIRST_PAUSE = 15
"""Seconds from the opening of a breaker to its first trial."""
LONGEST_PAUSE = 240
"""Most seconds between two trials, and so from a destination's recovery to its next trial."""
TRIAL_LEASE = 150
"""Seconds that one process has for a trial before another one may try."""
_MOST_DOUBLINGS = 10
_REASON_LENGTH = 200
_OPEN = select(tables.open_breaker).order_by(tables.open_breaker.c.destination)


class OpenBreaker(msgspec.Struct, frozen=True, kw_only=True):
    """The open breaker of one destination."""

    destination: str
    since: int
    """Unix time at which the breaker opened."""
    half_open_at: int
    """Unix time at which the next trial is due."""
    failures: int
    reason: str
    """The code of the last failure, without content."""


def read_open_breakers(connection: Connection) -> dict[str, OpenBreaker]:
    return {row["destination"]: OpenBreaker(**row) for row in connection.execute(_OPEN).mappings()}


def open_breaker(unit: UnitOfWork, destination: str, reason: str) -> bool:
    """Open a destination's breaker; return False if it is open already. `reason`: as in `sink.Retry`."""
    row = {"destination": destination, "since": unit.now, "half_open_at": unit.now + FIRST_PAUSE, "failures": 1}
    return bool(unit.insert_new(tables.open_breaker, [{**row, "reason": reason[:_REASON_LENGTH]}], "destination"))


def claim_trial(unit: UnitOfWork, destination: str) -> bool:
    """Claim the trial of a half-open breaker for `TRIAL_LEASE`; return False if none is due or another has it."""
    table = tables.open_breaker
    due = (table.c.destination == destination, table.c.half_open_at <= unit.now)
    return unit.main.execute(update(table).where(*due).values(half_open_at=unit.now + TRIAL_LEASE)).rowcount == 1


def record_failed_trial(unit: UnitOfWork, destination: str, reason: str) -> None:
    """Keep a breaker open after a failed trial, with a longer pause before the next one."""
    table = tables.open_breaker
    query = select(table.c.failures).where(table.c.destination == destination).with_for_update()
    failures = unit.main.execute(query).scalar()
    if failures is not None:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures, _MOST_DOUBLINGS))
        values = {"failures": failures + 1, "half_open_at": unit.now + pause, "reason": reason[:_REASON_LENGTH]}
        unit.main.execute(update(table).where(table.c.destination == destination).values(values))


def close_breaker(unit: UnitOfWork, destination: str) -> bool:
    """Close a destination's breaker; return False if it was not open."""
    table = tables.open_breaker
    return unit.main.execute(delete(table).where(table.c.destination == destination)).rowcount == 1
