"""Destinations that are down, as all processes and the officers see them: one row each, gone when it recovers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, select, update

from satark.store.tables import outage

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.store.unit_of_work import UnitOfWork

FIRST_PAUSE = 15
"""Seconds that a destination is left alone when it was found to be down."""
LONGEST_PAUSE = 240
"""Most seconds between two probes: so soon after its return a destination is served again."""
PROBE = 150
"""Seconds that one process has for a probe before another one may try."""
_DOUBLINGS = 10


class OpenBreaker(msgspec.Struct, frozen=True, kw_only=True):
    """One destination that is down."""

    destination: str
    since: int
    """Unix seconds."""
    probe_at: int
    """When it is tried again, Unix seconds."""
    failures: int
    reason: str


def outages(connection: Connection) -> dict[str, OpenBreaker]:
    """Give the destinations that are down, by name."""
    rows = connection.execute(select(outage).order_by(outage.c.destination)).mappings()
    return {row["destination"]: OpenBreaker(**row) for row in rows}


def begin(unit: UnitOfWork, destination: str, reason: str) -> bool:
    """Leave a destination alone for a while; True where it was not known to be down. `reason` as in `sink.Retry`."""
    row = {"destination": destination, "since": unit.now, "probe_at": unit.now + FIRST_PAUSE, "failures": 1}
    return bool(unit.insert_new(outage, [{**row, "reason": reason[:200]}], "destination"))


def may_probe(unit: UnitOfWork, destination: str) -> bool:
    """Whether this process shall try a destination now; no other does for `PROBE` seconds."""
    here = (outage.c.destination == destination, outage.c.probe_at <= unit.now)
    return unit.main.execute(update(outage).where(*here).values(probe_at=unit.now + PROBE)).rowcount == 1


def go_on(unit: UnitOfWork, destination: str, reason: str) -> None:
    """Say that a probe failed: the next one comes later."""
    query = select(outage.c.failures).where(outage.c.destination == destination).with_for_update()
    failures = unit.main.execute(query).scalar()
    if failures is not None:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures, _DOUBLINGS))
        values = {"failures": failures + 1, "probe_at": unit.now + pause, "reason": reason[:200]}
        unit.main.execute(update(outage).where(outage.c.destination == destination).values(values))


def end(unit: UnitOfWork, destination: str) -> bool:
    """Say that a destination takes tips again; True where it was known to be down."""
    return unit.main.execute(delete(outage).where(outage.c.destination == destination)).rowcount == 1
