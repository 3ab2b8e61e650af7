"""The `delivery` table: one row for each tip, destination and revision.

A row is `due` (at `due_at`; a claim sets that to the claim's end), `blocked` (behind an earlier revision of the same
tip for the same destination), `done` or `dead_letter`. Only a due row has an exact time; the others have the time of
their six-hour band. No query scans the head of the whole queue: each destination has its own range of the index
`delivery_due`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update

from satark.api.routing import DESK_SINK, SEPARATOR, Destination
from satark.api.services import UnitOfWork
from satark.identity.random_bytes import random_bytes
from satark.identity.time_buckets import band_start
from satark.store.tables import delivery, desk, file, tip
from satark.store.unit_of_work import due_in

LEASE = 30
"""Seconds that a claim lasts. A process renews its claims while it works, so that only a crashed one loses them."""
WAITING_FOR_FILES = "waits for files"
"""The reason of a delivery that waits for files of its tip."""
SUPERSEDED = "a later revision replaces it"
"""The reason of a dead letter that needs no retry, because a later revision was delivered."""
REASON_LENGTH = 200
"""Longest reason that is stored, in characters."""


def new_row(tip: str, destination: str, now: int, *, wait: int = 0, revision: int = 1) -> dict[str, object]:
    """Make the row of a delivery. `wait`: most seconds that the delivery waits for files of its tip."""
    return {
        "id": random_bytes(16),
        "tip": tip,
        "destination": destination,
        "revision": revision,
        "state": "due",
        "attempts": 0,
        **due_in(wait, now),
        "reason": WAITING_FOR_FILES if wait else "",
    }


def add(unit: UnitOfWork, tip_id: str, destination: str, *, wait: int = 0, again: bool = False) -> None:
    """Queue a tip for another destination, unless the tip was queued for it before.

    `again`: then add a revision, since the destination may have had nothing but covers.
    """
    if not unit.insert_new(delivery, [new_row(tip_id, destination, unit.now, wait=wait)], "id") and again:
        add_revision(unit, tip_id, only=destination)


def add_revision(unit: UnitOfWork, tip_id: str, *, offices_only: bool = False, only: str = "") -> None:
    """Queue a new revision of a tip for every external destination that already has it.

    `offices_only`: only for desks in remote offices, since the change is not from the tipster. `only`: for this one.
    """
    # One transaction at a time, so that no two add the same revision.
    unit.main.execute(select(tip.c.id).where(tip.c.id == tip_id).with_for_update())
    # Lock the rows: a delivery that begins meanwhile must carry the change, or this must see that it has begun.
    query = select(delivery.c.destination, delivery.c.revision, delivery.c.state, delivery.c.attempts)
    query = query.where(delivery.c.tip == tip_id, ~delivery.c.destination.startswith(Destination.prefix(DESK_SINK)))
    if only:
        query = query.where(delivery.c.destination == only)
    if offices_only:
        query = query.where(delivery.c.destination.in_(_OFFICES))
    rows = unit.main.execute(query.order_by(delivery.c.revision).with_for_update())
    for destination, newest in {row.destination: row for row in rows}.items():
        if newest.state == "blocked" or (newest.state == "due" and not newest.attempts):
            continue  # it will carry the change
        row = new_row(tip_id, destination, unit.now, revision=newest.revision + 1)
        blocked = {"state": "blocked", "due_at": band_start(unit.now)} if newest.state == "due" else {}
        unit.insert_new(delivery, [{**row, **blocked}], "id")


def office_destinations(unit: UnitOfWork, tip_id: str) -> list[str]:
    """Return the destinations in remote offices for which a tip was ever queued."""
    query = select(delivery.c.destination).distinct().where(delivery.c.tip == tip_id)
    return sorted(unit.main.execute(query.where(delivery.c.destination.in_(_OFFICES))).scalars())


def release_waiting(unit: UnitOfWork, tip_id: str) -> None:
    """Make the deliveries that wait for files of a tip due now, if no file is still being fetched."""
    if not is_fetching_files(unit.main, tip_id):
        waiting = (delivery.c.tip == tip_id, delivery.c.state == "due", delivery.c.reason == WAITING_FOR_FILES)
        unit.main.execute(update(delivery).where(*waiting).values(due_at=unit.now, reason=""))


def is_fetching_files(connection: Connection, tip_id: str) -> bool:
    """Return whether a file of a tip is still being fetched."""
    pending = select(file.c.ordinal).where(file.c.tip == tip_id, file.c.state == "due").limit(1)
    return connection.execute(pending).one_or_none() is not None


def pending_destinations(connection: Connection) -> list[str]:
    """Return the destinations that still have deliveries, due now or later. Takes one index step per destination."""
    return list(connection.execute(_DESTINATIONS).scalars())


def oldest_due(connection: Connection, destination: str) -> int | None:
    """Return the Unix time since which a destination's oldest delivery is due; None if nothing is due."""
    query = select(func.min(delivery.c.due_at)).where(delivery.c.state == "due")
    return connection.execute(query.where(delivery.c.destination == destination)).scalar()


def claim(unit: UnitOfWork, destination: str, limit: int, *, newest: bool = False) -> list[Any]:
    """Claim deliveries of a destination that are due, the oldest (or newest) first, for `LEASE`."""
    wanted = {"to": destination, "now": unit.now, "most": limit}
    due = list(unit.main.execute(_NEWEST_DUE if newest else _OLDEST_DUE, wanted))
    if due:
        unit.main.execute(_CLAIM, [{"key": row.id, "due": unit.now + LEASE, "n": row.attempts + 1} for row in due])
    return due


def renew_claims(unit: UnitOfWork, ids: Collection[bytes]) -> None:
    """Renew claims for another `LEASE`."""
    unit.main.execute(_RENEW, [{"key": id_, "due": unit.now + LEASE} for id_ in ids])


def mark_done(unit: UnitOfWork, ids: Sequence[bytes]) -> None:
    """Mark deliveries as done, and also older dead letters of the same tip and destination."""
    if not ids:
        return
    unit.main.execute(_DONE, [{"key": id_, "finished": band_start(unit.now)} for id_ in ids])
    unit.main.execute(_SUPERSEDE, {"ids": ids})
    _unblock_next(unit, ids)


def retry_later(unit: UnitOfWork, id_: bytes, attempt: int, seconds: float, reason: str) -> None:
    """Make a delivery due again after so many seconds, unless another process has claimed it since."""
    claimed = _claimed(id_, attempt)
    unit.main.execute(
        update(delivery).where(*claimed).values(**due_in(seconds, unit.now), reason=reason[:REASON_LENGTH])
    )


def dead_letter(unit: UnitOfWork, id_: bytes, attempt: int, reason: str) -> bool:
    """Turn a delivery into a dead letter, which is no longer attempted. False: another process has claimed it since."""
    claimed = _claimed(id_, attempt)
    result = unit.main.execute(
        update(delivery)
        .where(*claimed)
        .values(state="dead_letter", reason=reason[:REASON_LENGTH], due_at=band_start(unit.now))
    )
    if result.rowcount != 1:
        return False
    _unblock_next(unit, [id_])
    return True


def delivered_ids(connection: Connection, sink: str) -> Iterator[bytes]:
    query = select(delivery.c.id).where(
        delivery.c.destination.startswith(Destination.prefix(sink)), delivery.c.state == "done"
    )
    yield from connection.execute(query).scalars()


def mark_returned(unit: UnitOfWork, id_: bytes, reason: str) -> None:
    """Turn a delivery that was done into a dead letter: the destination sent it back."""
    mine = (delivery.c.id == id_, delivery.c.state == "done")
    unit.main.execute(update(delivery).where(*mine).values(state="dead_letter", reason=reason[:REASON_LENGTH]))


def retry(unit: UnitOfWork, id_: bytes | None = None, destination: str = "") -> int:
    """Make dead letters due again: all of them, one, or those of a destination. Return how many.

    A dead letter that a later revision replaced becomes `done` instead.
    """
    where = [delivery.c.state == "dead_letter"]
    where += [delivery.c.id == id_] if id_ else []
    where += [delivery.c.destination == destination] if destination else []
    replaced = select(_OTHER.c.id).where(
        _OTHER.c.tip == delivery.c.tip,
        _OTHER.c.destination == delivery.c.destination,
        _OTHER.c.revision > delivery.c.revision,
    )
    unit.main.execute(update(delivery).where(*where, replaced.exists()).values(state="done", reason=SUPERSEDED))
    again = update(delivery).where(*where).values(state="due", attempts=0, due_at=unit.now)
    return unit.main.execute(again).rowcount


def list_deliveries(connection: Connection, states: Iterable[str], destination: str = "") -> list[dict[str, Any]]:
    """List deliveries in these states: id, destination, revision, state, attempts, due_at, reason."""
    columns = [delivery.c[name] for name in ("id", "destination", "revision", "state", "attempts", "due_at", "reason")]
    query = select(*columns).where(delivery.c.state.in_(list(states)))
    if destination:
        query = query.where(delivery.c.destination == destination)
    return [dict(row) for row in connection.execute(query.order_by(delivery.c.due_at, delivery.c.id)).mappings()]


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Count the deliveries that are not done, by destination and state."""
    query = select(delivery.c.destination, delivery.c.state, func.count())
    # Not `!= "done"`: that would scan every delivery that was ever done.
    query = query.where(delivery.c.state.in_(("due", "blocked", "dead_letter")))
    rows = connection.execute(query.group_by(delivery.c.destination, delivery.c.state))
    return {(destination, state): count for destination, state, count in rows}


def finished_notifications(connection: Connection, oldest: int, most: int) -> Sequence[bytes]:
    """Return ids of notifications and alarms (`sink.Delivery.kind`) that are finished and were due before a time.

    Reads every delivery. An order to an office to erase its copy is finished once the office has received the order.
    """
    past = (delivery.c.tip.contains(":"), delivery.c.due_at < oldest, delivery.c.state != "due")
    open_order = delivery.c.tip.startswith("erased:") & (delivery.c.state != "done")
    return connection.execute(select(delivery.c.id).where(*past, ~open_order).limit(most)).scalars().all()


def delete_finished(unit: UnitOfWork, ids: Collection[bytes]) -> None:
    """Delete these deliveries, except those that became due again."""
    unit.main.execute(delete(delivery).where(delivery.c.id.in_(ids), delivery.c.state != "due"))


def _unblock_next(unit: UnitOfWork, ids: Sequence[bytes]) -> None:
    """Make the deliveries due that are blocked behind these."""
    unit.main.execute(_UNBLOCK, {"ids": ids, "now": unit.now})


def _same_as(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a delivery has the same tip and destination as one of `ids`."""
    same = (_OTHER.c.tip == delivery.c.tip, _OTHER.c.destination == delivery.c.destination)
    return select(_OTHER.c.id).where(_OTHER.c.id.in_(bindparam("ids", expanding=True)), *same, *more).exists()


def _claimed(id_: bytes, attempt: int) -> Sequence[Any]:
    return (delivery.c.id == id_, delivery.c.state == "due", delivery.c.attempts == attempt)


_OTHER = delivery.alias("other")
_OFFICES = select(desk.c.via + SEPARATOR + desk.c.name).where(desk.c.via != DESK_SINK)
_FIRST = select(func.min(delivery.c.destination).label("name")).where(delivery.c.state == "due").cte(recursive=True)
_NEXT = select(func.min(delivery.c.destination)).where(
    delivery.c.state == "due", delivery.c.destination > _FIRST.c.name
)
_STEPS = _FIRST.union_all(select(_NEXT.scalar_subquery()).where(_FIRST.c.name.is_not(None)))
_DESTINATIONS = select(_STEPS.c.name).where(_STEPS.c.name.is_not(None))
_DUE = (
    select(*(delivery.c[name] for name in ("id", "tip", "destination", "revision", "attempts", "reason")))
    .where(delivery.c.state == "due", delivery.c.destination == bindparam("to"), delivery.c.due_at <= bindparam("now"))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_OLDEST_DUE, _NEWEST_DUE = _DUE.order_by(delivery.c.due_at), _DUE.order_by(delivery.c.due_at.desc())
_DONE = (
    update(delivery)
    .where(delivery.c.id == bindparam("key"))
    .values(state="done", reason="", due_at=bindparam("finished"))
)
_SUPERSEDE = (
    update(delivery)
    .where(delivery.c.state == "dead_letter", _same_as(delivery.c.revision < _OTHER.c.revision))
    .values(state="done", reason=SUPERSEDED)
)
_UNBLOCK = (
    update(delivery).where(delivery.c.state == "blocked", _same_as()).values(state="due", due_at=bindparam("now"))
)
_CLAIMED = {"due_at": bindparam("due"), "wait": LEASE}
_CLAIM = update(delivery).where(delivery.c.id == bindparam("key")).values(**_CLAIMED, attempts=bindparam("n"))
_RENEW = update(delivery).where(delivery.c.id == bindparam("key"), delivery.c.state == "due").values(**_CLAIMED)
