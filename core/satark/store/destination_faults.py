"""Destination faults shown to a desk: which of its own destinations are down, and which deliveries failed there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from satark.api.routing import DestinationRule
from satark.identity.time_buckets import band
from satark.store.breakers import read_open_breakers
from satark.store.tables import delivery


class DestinationFault(msgspec.Struct, frozen=True, kw_only=True):
    """A destination that is down or has dead letters."""

    destination: str
    down: str = ""
    """The time band (`time_buckets.band`) since which the destination is down; empty if it is not."""
    waiting: int = 0
    """The number of tips that wait for the destination."""
    dead_letters: int = 0
    """The number of deliveries that are no longer attempted."""
    dead_since: str = ""
    """The time band of the oldest dead letter."""


def destination_faults(
    connection: Connection, desk: str, destination_rules: Sequence[DestinationRule]
) -> list[DestinationFault]:
    """Return the destinations of one desk that are down or have dead letters, by name.

    A destination belongs to the desk that its rule names or, without a rule, to the desk in its name. Alarms are
    ignored, since they may be about another desk's tips. A destination that is down is left out unless something
    other than an alarm waits for it.
    """
    here = _belongs(desk, destination_rules)
    down = read_open_breakers(connection)
    found: dict[str, DestinationFault] = {}
    for row in connection.execute(_ROWS.where(here)):
        known = found.get(row.destination, DestinationFault(destination=row.destination))
        if row.state == "dead_letter":
            known = msgspec.structs.replace(known, dead_letters=row.rows, dead_since=band(row.oldest))
        else:
            known = msgspec.structs.replace(known, waiting=row.tips)
            if row.destination in down:
                known = msgspec.structs.replace(known, down=band(down[row.destination].since))
        found[row.destination] = known
    return [one for _, one in sorted(found.items()) if one.down or one.dead_letters]


def _belongs(desk: str, destination_rules: Collection[DestinationRule]) -> ColumnElement[bool]:
    to = delivery.c.destination
    own = [rule.to for rule in destination_rules if rule.desk == desk]
    configured = [rule.to for rule in destination_rules]
    return or_(to.in_(own), and_(to.endswith(f":{desk}", autoescape=True), to.not_in(configured)))


_TIP = case((~delivery.c.tip.contains(":"), delivery.c.tip))
_ROWS = (
    select(
        delivery.c.destination,
        delivery.c.state,
        func.count().label("rows"),
        func.count(_TIP.distinct()).label("tips"),
        func.min(delivery.c.due_at).label("oldest"),
    )
    .where(delivery.c.state.in_(("due", "dead_letter")), ~delivery.c.tip.startswith("alarm:"))
    .group_by(delivery.c.destination, delivery.c.state)
)
