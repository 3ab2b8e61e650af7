"""Open circuit breakers: destinations that are down, one row each, shared by all processes.

A breaker's row is added when the breaker opens, and deleted when it closes. From `half_open_at` on, one process at a
time may send trial deliveries; each failed trial doubles the pause before the next one.
"""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from satark.api.routing import DestinationRule
from satark.identity.time_buckets import band
from satark.store import tables
from satark.store.tables import delivery
from satark.store.unit_of_work import UnitOfWork

FIRST_PAUSE = 15
"""Seconds from the opening of a breaker to its first trial."""
LONGEST_PAUSE = 240
"""Most seconds between two trials, and so between a destination's recovery and the next trial."""
TRIAL_LEASE = 150
"""Seconds that one process has for a trial before another one may try."""
_MOST_DOUBLINGS = 10
_REASON_LENGTH = 200
_OPEN = select(tables.open_breaker).order_by(tables.open_breaker.c.destination)


class OpenBreaker(msgspec.Struct, frozen=True, kw_only=True):
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


def return_trial(unit: UnitOfWork, destination: str) -> None:
    """Give back a claimed trial because there was nothing to deliver. The next delivery takes it."""
    table = tables.open_breaker
    unit.main.execute(update(table).where(table.c.destination == destination).values(half_open_at=unit.now))


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


class DestinationFault(msgspec.Struct, frozen=True, kw_only=True):
    """A destination that is down or has dead letters."""

    destination: str
    down: str = ""
    """The time band (`time_buckets.band`) since which the destination is down; empty if it is not."""
    dead_letters: int = 0
    """The number of deliveries that are no longer attempted."""
    dead_since: str = ""
    """The time band of the oldest dead letter."""


def destination_faults(
    connection: Connection, desk: str, destination_rules: Sequence[DestinationRule]
) -> list[DestinationFault]:
    """Return the destinations of one desk that are down or have dead letters, by name.

    A destination belongs to the desk that its rule names or, without a rule, to the desk in its name. Deliveries that
    wait are not counted: tips that are kept from the desk wait there too, as covers.
    """
    down = connection.execute(_OPEN.where(_belongs(tables.open_breaker.c.destination, desk, destination_rules)))
    found = {row.destination: DestinationFault(destination=row.destination, down=band(row.since)) for row in down}
    for row in connection.execute(_DEAD.where(_belongs(delivery.c.destination, desk, destination_rules))):
        known = found.get(row.destination, DestinationFault(destination=row.destination))
        dead = {"dead_letters": row.rows, "dead_since": band(row.oldest)}
        found[row.destination] = msgspec.structs.replace(known, **dead)
    return [one for _, one in sorted(found.items())]


def _belongs(to: ColumnElement[str], desk: str, destination_rules: Collection[DestinationRule]) -> ColumnElement[bool]:
    own = [rule.to for rule in destination_rules if rule.desk == desk]
    configured = [rule.to for rule in destination_rules]
    return or_(to.in_(own), and_(to.endswith(f":{desk}", autoescape=True), to.not_in(configured)))


_DEAD = (
    select(delivery.c.destination, func.count().label("rows"), func.min(delivery.c.due_at).label("oldest"))
    .where(delivery.c.state == "dead_letter")
    .group_by(delivery.c.destination)
)
