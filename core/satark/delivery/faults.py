"""What an office is told of its own destinations: which are down, and what did not arrive there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import and_, case, func, or_, select

from satark.store.breakers import outages
from satark.store.tables import delivery
from satark.time_buckets import band

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection

    from satark.destination import DestinationRule


class DestinationFault(msgspec.Struct, frozen=True, kw_only=True):
    """One destination that needs to be known of."""

    destination: str
    down: str = ""
    """Since when it is down, as coarse as `coarse.band`; empty where it is not."""
    waiting: int = 0
    """Tips that wait for it."""
    dead: int = 0
    """Deliveries that are not tried any more."""
    died: str = ""
    """Since when there are any, likewise coarse."""


def destination_faults(
    connection: Connection, desk: str, destination_rules: Sequence[DestinationRule]
) -> list[DestinationFault]:
    """Give the destinations of one desk that are down or have dead deliveries, by name.

    A destination belongs to the desk that its `[[destination]]` names, and without one to the desk that it is named after:
    its tips are among the desk's own. What it carries for nobody's tip in particular, an alarm, may be about another
    desk's: so alarms are not looked at, and a destination that is down with nothing else waiting is left out.
    """
    here = _belongs(desk, destination_rules)
    down = outages(connection)
    found: dict[str, DestinationFault] = {}
    for row in connection.execute(_ROWS.where(here)):
        known = found.get(row.destination, DestinationFault(destination=row.destination))
        if row.state == "dead":
            known = msgspec.structs.replace(known, dead=row.rows, died=band(row.oldest))
        else:
            known = msgspec.structs.replace(known, waiting=row.tips)
            if row.destination in down:
                known = msgspec.structs.replace(known, down=band(down[row.destination].since))
        found[row.destination] = known
    return [one for _, one in sorted(found.items()) if one.down or one.dead]


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
    .where(delivery.c.state.in_(("due", "dead")), ~delivery.c.tip.startswith("alarm:"))
    .group_by(delivery.c.destination, delivery.c.state)
)
