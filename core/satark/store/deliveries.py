"""Deliveries in the store."""

from __future__ import annotations

from collections.abc import Iterable
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, false, or_, select, update

from satark.store.tables import delivery, desk, tip

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.store.unit import UnitOfWork

DELIVERY_LEASE = 300
"""Seconds that a process has for one delivery before another one may try."""
WAITING = "waits for files"
"""The reason of a delivery that waits for the tip's files."""


def new_row(tip: str, destination: str, now: int, *, wait: int = 0, revision: int = 1) -> dict[str, object]:
    """Make the row of a delivery. `wait`: most seconds that it waits for the tip's files."""
    return {
        "id": token_bytes(16),
        "tip": tip,
        "destination": destination,
        "revision": revision,
        "state": "due",
        "attempts": 0,
        "due_at": now + wait,
        "reason": WAITING if wait else "",
    }


def claim(unit: UnitOfWork, limit: int, sinks: Iterable[str]) -> list[Any]:
    """Take deliveries that are due and whose sink this process runs; others leave them alone for `DELIVERY_LEASE`."""
    here = or_(false(), *(delivery.c.destination.startswith(f"{sink}:", autoescape=True) for sink in sinks))
    mine = list(unit.main.execute(_DUE.where(here).limit(limit), {"now": unit.now}))
    claimed = [{"key": row.id, "due": unit.now + DELIVERY_LEASE, "n": row.attempts + 1} for row in mine]
    if claimed:
        unit.main.execute(_CLAIM, claimed)
    return mine


def add(unit: UnitOfWork, tip_id: str, destination: str, *, revision: int = 1, wait: int = 0) -> None:
    """Have a tip delivered, unless this revision of it was or will be."""
    unit.insert_new(delivery, [new_row(tip_id, destination, unit.now, wait=wait, revision=revision)], "id")


def renew(unit: UnitOfWork, tip_id: str, *, offices_only: bool = False) -> None:
    """Have a tip delivered anew to whoever has it already beyond this host's desks: something came to it.

    `offices_only`: to desks in offices of their own alone, since it is nothing that the tipster sent.
    """
    # One after the other, so that no two make the same revision.
    unit.main.execute(select(tip.c.id).where(tip.c.id == tip_id).with_for_update())
    # Locked: a delivery that begins meanwhile must see what came, or this must see that it has begun.
    query = select(delivery.c.destination, delivery.c.revision, delivery.c.state, delivery.c.attempts)
    query = query.where(delivery.c.tip == tip_id, ~delivery.c.destination.startswith("desk:"))
    if offices_only:
        query = query.where(delivery.c.destination.in_(_OFFICES))
    rows = unit.main.execute(query.order_by(delivery.c.revision).with_for_update())
    for destination, newest in {row.destination: row for row in rows}.items():
        if newest.state != "due" or newest.attempts:
            add(unit, tip_id, destination, revision=newest.revision + 1)


def done(unit: UnitOfWork, ids: Iterable[bytes]) -> None:
    """Say that their destinations have these."""
    unit.main.execute(_DONE, [{"key": id_} for id_ in ids])


def later(unit: UnitOfWork, id_: bytes, seconds: float, reason: str) -> None:
    """Say that it shall be tried again."""
    _set(unit, id_, due_at=unit.now + int(seconds), reason=reason[:200])


def dead(unit: UnitOfWork, id_: bytes, reason: str) -> None:
    """Say that it is not tried any more."""
    _set(unit, id_, state="dead", reason=reason[:200])


def retry(unit: UnitOfWork, id_: bytes | None = None) -> int:
    """Make a dead delivery (or all of them) due again; give how many."""
    where = [delivery.c.state == "dead"] + ([delivery.c.id == id_] if id_ else [])
    return unit.main.execute(update(delivery).where(*where).values(state="due", attempts=0, due_at=unit.now)).rowcount


def listing(connection: Connection, states: Iterable[str]) -> list[dict[str, Any]]:
    """List deliveries in these states: id, destination, revision, state, attempts, due_at, reason."""
    columns = [delivery.c[name] for name in ("id", "destination", "revision", "state", "attempts", "due_at", "reason")]
    query = select(*columns).where(delivery.c.state.in_(list(states))).order_by(delivery.c.due_at)
    return [dict(row) for row in connection.execute(query).mappings()]


def _set(unit: UnitOfWork, id_: bytes, **values: object) -> None:
    unit.main.execute(update(delivery).where(delivery.c.id == id_).values(**values))


_OFFICES = select(desk.c.via + ":" + desk.c.name).where(desk.c.via != "desk")
_DUE = (
    select(delivery.c.id, delivery.c.tip, delivery.c.destination, delivery.c.revision, delivery.c.attempts)
    .where(delivery.c.state == "due", delivery.c.due_at <= bindparam("now"))
    .order_by(delivery.c.due_at)
    .with_for_update(skip_locked=True)
)
_DONE = update(delivery).where(delivery.c.id == bindparam("key")).values(state="done", reason="")
_CLAIM = (
    update(delivery).where(delivery.c.id == bindparam("key")).values(due_at=bindparam("due"), attempts=bindparam("n"))
)
