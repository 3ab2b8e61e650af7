"""Deliveries in the store: one row for each tip, destination and revision.

A row is `due` (to be tried at `due_at`, or claimed until then), `held` (an earlier revision of the same tip is still on
its way to the same destination), `done` or `dead`. No query looks at the head of the whole queue: each destination has
a range of the index `delivery_due` to itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, select, update

from satark.store.tables import delivery, desk, file, tip

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.store.unit_of_work import UnitOfWork

LEASE = 30
"""Seconds that a claim holds; the process that claimed renews it while it works, so that only a dead one loses it."""
ALARM_EVERY = 3600
"""Seconds in which a destination of `alarm_to` is told at most once."""
WAITING = "waits for files"
"""The reason of a delivery that waits for the tip's files."""
OVERTAKEN = "a later revision replaces it"
"""The reason of a dead delivery that needs no retry any more."""
REASON = 200
"""Longest reason that is kept, in characters."""


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


def add(unit: UnitOfWork, tip_id: str, destination: str, *, wait: int = 0) -> None:
    """Have a tip delivered to a further destination, unless it was or will be."""
    unit.insert_new(delivery, [new_row(tip_id, destination, unit.now, wait=wait)], "id")


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
        if newest.state == "held" or (newest.state == "due" and not newest.attempts):
            continue  # it will carry what came
        row = new_row(tip_id, destination, unit.now, revision=newest.revision + 1)
        unit.insert_new(delivery, [{**row, "state": "held" if newest.state == "due" else "due"}], "id")


def complete(unit: UnitOfWork, tip_id: str) -> None:
    """Let what waits for a tip's files wait no longer, if none is still being fetched."""
    if not is_incomplete(unit.main, tip_id):
        waiting = (delivery.c.tip == tip_id, delivery.c.state == "due", delivery.c.reason == WAITING)
        unit.main.execute(update(delivery).where(*waiting).values(due_at=unit.now, reason=""))


def is_incomplete(connection: Connection, tip_id: str) -> bool:
    """Say whether a file of a tip is still being fetched."""
    pending = select(file.c.ordinal).where(file.c.tip == tip_id, file.c.state == "due").limit(1)
    return connection.execute(pending).one_or_none() is not None


def destinations(connection: Connection) -> list[str]:
    """Name the destinations that something waits for, now or later: one step along the index for each."""
    return list(connection.execute(_DESTINATIONS).scalars())


def oldest_due(connection: Connection, destination: str) -> int | None:
    """Since when (Unix seconds) the oldest delivery of a destination is due; None where nothing waits."""
    query = select(func.min(delivery.c.due_at)).where(delivery.c.state == "due")
    return connection.execute(query.where(delivery.c.destination == destination)).scalar()


def claim(unit: UnitOfWork, destination: str, limit: int, *, newest: bool = False) -> list[Any]:
    """Take deliveries of a destination that are due, the oldest (or newest) first; others leave them alone."""
    order = delivery.c.due_at.desc() if newest else delivery.c.due_at
    found = {"to": destination, "now": unit.now}
    mine = list(unit.main.execute(_DUE.order_by(order).limit(limit), found))
    if mine:
        claimed = [{"key": row.id, "due": unit.now + LEASE, "n": row.attempts + 1} for row in mine]
        unit.main.execute(_CLAIM, claimed)
    return mine


def keep(unit: UnitOfWork, ids: Collection[bytes]) -> None:
    """Renew claims."""
    unit.main.execute(_KEEP, [{"key": id_, "due": unit.now + LEASE} for id_ in ids])


def done(unit: UnitOfWork, ids: Sequence[bytes]) -> None:
    """Say that their destinations have these."""
    if not ids:
        return
    unit.main.execute(_DONE, [{"key": id_} for id_ in ids])
    older = _same_as(ids, delivery.c.revision < _OTHER.c.revision)
    overtaken = update(delivery).where(delivery.c.state == "dead", older)
    unit.main.execute(overtaken.values(state="done", reason=OVERTAKEN))
    _let_follow(unit, ids)


def later(unit: UnitOfWork, id_: bytes, attempt: int, seconds: float, reason: str) -> None:
    """Say that it shall be tried again; nothing happens where another process has claimed it since."""
    mine = _mine(id_, attempt)
    unit.main.execute(update(delivery).where(*mine).values(due_at=unit.now + int(seconds), reason=reason[:REASON]))


def dead(unit: UnitOfWork, id_: bytes, attempt: int, reason: str) -> bool:
    """Say that it is not tried any more; False where another process has claimed it since."""
    mine = _mine(id_, attempt)
    died = unit.main.execute(update(delivery).where(*mine).values(state="dead", reason=reason[:REASON])).rowcount == 1
    if died:
        _let_follow(unit, [id_])
    return died


def delivered_ids(connection: Connection, sink: str) -> Iterator[bytes]:
    """Return the ids of a sink's deliveries that are done."""
    query = select(delivery.c.id).where(delivery.c.destination.startswith(f"{sink}:"), delivery.c.state == "done")
    yield from connection.execute(query).scalars()


def came_back(unit: UnitOfWork, id_: bytes, reason: str) -> None:
    """Say that what counted as delivered has come back: it is dead, until somebody has it tried again."""
    mine = (delivery.c.id == id_, delivery.c.state == "done")
    unit.main.execute(update(delivery).where(*mine).values(state="dead", reason=reason[:REASON]))


def alarm(unit: UnitOfWork, to: Iterable[str]) -> None:
    """Tell these destinations that somebody must look at the deliveries, each at most once in `ALARM_EVERY`."""
    for destination in to:
        add(unit, f"alarm:{unit.now // ALARM_EVERY}", destination)


def retry(unit: UnitOfWork, id_: bytes | None = None, destination: str = "") -> int:
    """Make dead deliveries due again: all, one, or a destination's. Give how many; what was replaced is left out."""
    where = [delivery.c.state == "dead"]
    where += [delivery.c.id == id_] if id_ else []
    where += [delivery.c.destination == destination] if destination else []
    replaced = select(_OTHER.c.id).where(
        _OTHER.c.tip == delivery.c.tip,
        _OTHER.c.destination == delivery.c.destination,
        _OTHER.c.revision > delivery.c.revision,
    )
    unit.main.execute(update(delivery).where(*where, replaced.exists()).values(state="done", reason=OVERTAKEN))
    again = update(delivery).where(*where).values(state="due", attempts=0, due_at=unit.now)
    return unit.main.execute(again).rowcount


def listing(connection: Connection, states: Iterable[str], destination: str = "") -> list[dict[str, Any]]:
    """List deliveries in these states: id, destination, revision, state, attempts, due_at, reason."""
    columns = [delivery.c[name] for name in ("id", "destination", "revision", "state", "attempts", "due_at", "reason")]
    query = select(*columns).where(delivery.c.state.in_(list(states)))
    if destination:
        query = query.where(delivery.c.destination == destination)
    return [dict(row) for row in connection.execute(query.order_by(delivery.c.due_at, delivery.c.id)).mappings()]


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Count what is not done, by destination and state."""
    query = select(delivery.c.destination, delivery.c.state, func.count())
    # Not `!= "done"`: that would walk over all that was ever delivered.
    query = query.where(delivery.c.state.in_(("due", "held", "dead")))
    rows = connection.execute(query.group_by(delivery.c.destination, delivery.c.state))
    return {(destination, state): count for destination, state, count in rows}


def sweep_occasions(unit: UnitOfWork, oldest: int) -> None:
    """Forget notices and alarms (`sink.Delivery.occasion`) that were due before a moment and are not due any more."""
    past = (delivery.c.tip.contains(":"), delivery.c.due_at < oldest, delivery.c.state != "due")
    unit.main.execute(delete(delivery).where(*past))


def _let_follow(unit: UnitOfWork, ids: Sequence[bytes]) -> None:
    """Make due what was held behind these."""
    following = update(delivery).where(delivery.c.state == "held", _same_as(ids))
    unit.main.execute(following.values(state="due", due_at=unit.now))


def _same_as(ids: Sequence[bytes], *more: Any) -> Any:
    same = (_OTHER.c.tip == delivery.c.tip, _OTHER.c.destination == delivery.c.destination)
    return select(_OTHER.c.id).where(_OTHER.c.id.in_(ids), *same, *more).exists()


def _mine(id_: bytes, attempt: int) -> Sequence[Any]:
    return (delivery.c.id == id_, delivery.c.state == "due", delivery.c.attempts == attempt)


_OTHER = delivery.alias("other")
_OFFICES = select(desk.c.via + ":" + desk.c.name).where(desk.c.via != "desk")
_FIRST = select(func.min(delivery.c.destination).label("name")).where(delivery.c.state == "due").cte(recursive=True)
_NEXT = select(func.min(delivery.c.destination)).where(
    delivery.c.state == "due", delivery.c.destination > _FIRST.c.name
)
_STEPS = _FIRST.union_all(select(_NEXT.scalar_subquery()).where(_FIRST.c.name.is_not(None)))
_DESTINATIONS = select(_STEPS.c.name).where(_STEPS.c.name.is_not(None))
_DUE = (
    select(delivery.c.id, delivery.c.tip, delivery.c.destination, delivery.c.revision, delivery.c.attempts)
    .where(delivery.c.state == "due", delivery.c.destination == bindparam("to"), delivery.c.due_at <= bindparam("now"))
    .with_for_update(skip_locked=True)
)
_DONE = update(delivery).where(delivery.c.id == bindparam("key")).values(state="done", reason="")
_CLAIM = (
    update(delivery).where(delivery.c.id == bindparam("key")).values(due_at=bindparam("due"), attempts=bindparam("n"))
)
_KEEP = (
    update(delivery).where(delivery.c.id == bindparam("key"), delivery.c.state == "due").values(due_at=bindparam("due"))
)
