"""The `delivery` table: one row for each tip, destination and revision.

Every tip has rows for every destination, so that they don't tell who must not have it. A destination that gets nothing
has covers: rows whose id only the name key tells from a random one. So it tells the rows of an office that has only a
release: it must not learn when the tipster writes.

A row is `due` (at `due_at`; a claim sets that to the claim's end), `blocked` (behind an earlier revision of the same
tip for the same destination), `done` or `dead_letter`. Only a due row has an exact time; the others have the time of
their six-hour band. No query scans the head of the whole queue: each destination has its own range of the index
`delivery_due`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, delete, func, select, update

from satark.api.routing import DESK_SINK, HERE, Destination
from satark.api.services import UnitOfWork
from satark.identity.random_bytes import random_bytes
from satark.identity.time_buckets import band_start
from satark.store import envelopes
from satark.store.due_times import offices_of, when_due, woken_by
from satark.store.erasure_orders import IS_ORDER, ORDER_DAYS
from satark.store.tables import delivery, tip
from satark.store.unit_of_work import due_in

LEASE = 30
"""Seconds that a claim lasts. A process renews its claims while it works, so only a crashed process loses them."""
COVERS_AT_ONCE = 64
"""Most covers that are claimed besides deliveries."""
SUPERSEDED = "a later revision replaces it"
"""The reason of a dead letter that needs no retry, because a later revision was delivered."""
_SALT = 8
REASON_LENGTH = 200
"""Longest reason that is stored, in characters."""


def new_row(tip: str, destination: str, now: int, *, revision: int = 1, id_: bytes = b"") -> dict[str, object]:
    """Make the row of a delivery that is due. `id_`: a cover's id; empty: a random id."""
    return {
        "id": id_ or random_bytes(16),
        "tip": tip,
        "destination": destination,
        "revision": revision,
        "state": "due",
        "attempts": 0,
        **due_in(0, now),
        "reason": "",
    }


def cover_id(keys: Connection | Engine, tip: str, destination: str, revision: int = 1, salt: bytes = b"") -> bytes:
    """Return an id of a delivery whose destination gets nothing: without `salt`, another one each time."""
    return _marked_id(keys, "cover", tip, destination, revision, salt=salt)


def _marked_id(
    keys: Connection | Engine, kind: str, tip: str, destination: str, revision: int, *, salt: bytes = b""
) -> bytes:
    salt = salt or random_bytes(_SALT)
    return salt + envelopes.tag(keys, tip, f"{kind} {destination} {revision} {salt.hex()}")[:_SALT]


def is_cover(keys: Connection | Engine, row: Any) -> bool:
    """Return whether a row (its id, tip, destination and revision) is a cover."""
    return kind_of(keys, row.id, row.tip, row.destination, row.revision) == "cover"


def kind_of(
    keys: Connection | Engine, id_: bytes, tip: str, destination: str, revision: int
) -> Literal["cover", "release", "tip"]:
    """Return whether a delivery is a cover, for an office that has only a release of the tip, or any other."""
    kinds: tuple[Literal["cover", "release"], ...] = ("cover", "release")
    found = (one for one in kinds if id_ == _marked_id(keys, one, tip, destination, revision, salt=id_[:_SALT]))
    return next(found, "tip")


def has_only_release(unit: UnitOfWork, tip_id: str, destination: str) -> bool:
    """Return whether an office has only a release of a tip."""
    rows = _rows_away(unit, tip_id, offices_only=True).get(destination, [])
    gets = [one for one in rows if not is_cover(unit.keys, one)]
    return bool(gets) and _is_of_release(unit, gets[-1])


def _is_of_release(unit: UnitOfWork, row: Any) -> bool:
    return kind_of(unit.keys, row.id, row.tip, row.destination, row.revision) == "release"


def idle_covers(unit: UnitOfWork, rows: Sequence[Any]) -> list[Any]:
    """Return which claimed rows stand for nothing: they are covers, and no delivery waits behind them.

    Else a destination that is down, which gets no cover, would never get what was given to it since.
    """
    covers = [row for row in rows if row.destination != HERE and is_cover(unit.keys, row)]
    tried = [row.tip for row in covers if row.attempts]
    query = select(*(delivery.c[name] for name in _NAMED)).where(
        delivery.c.state == "blocked", delivery.c.tip.in_(tried)
    )
    behind = unit.main.execute(query).all() if tried else ()
    gets = {(row.tip, row.destination) for row in behind if not is_cover(unit.keys, row)}
    return [row for row in covers if (row.tip, row.destination) not in gets]


def ended_tag(keys: Connection | Engine, row: Any) -> bytes:
    """Return what vouches that a row (as for `is_cover`) is done."""
    return envelopes.tag(keys, row.tip, f"done {row.destination} {row.revision} {row.id.hex()}")


def undelivered(main: Connection, keys: Connection, since: Mapping[str, int]) -> set[tuple[str, str]]:
    """Return tip and destination of what nobody delivered or gave up, whatever the rows say. Reads every row.

    `since`: destinations for which every tip of a later day than this has a row.
    """
    days = main.execute(select(tip.c.id, tip.c.day).where(tip.c.day > min(since.values(), default=1 << 30))).all()
    missing = {(id_, to) for id_, day in days for to, first in since.items() if day > first}
    columns = [delivery.c[name] for name in (*_NAMED, "state", "ended")]
    query = select(*columns).where(~delivery.c.tip.contains(":"), delivery.c.destination != HERE)
    found = set()
    for row in main.execute(query.execution_options(yield_per=1000)):
        missing.discard((row.tip, row.destination))
        is_over = row.ended == ended_tag(keys, row) if row.state == "done" else row.state == "dead_letter"
        if not is_over:
            found.add((row.tip, row.destination))
    return found | missing


def add(
    unit: UnitOfWork,
    tip_id: str,
    destination: str,
    *,
    again: bool = False,
    is_urgent: bool = False,
    is_release: bool = False,
    id_: bytes = b"",
) -> None:
    """Queue a tip for another destination, unless the tip was queued for it before.

    `again`: add a revision if it was queued, since the destination may have had only covers. `is_urgent`: as for
    `add_revision`. `is_release`: whether an office gets only a release. `id_` empty: a random id.
    """
    if is_release and destination != HERE:
        id_ = _marked_id(unit.keys, "release", tip_id, destination, 1)
    due = when_due(unit, tip_id, destination, is_urgent=is_urgent)
    row = new_row(tip_id, destination, unit.now, id_=id_) | due
    if not unit.insert_new(delivery, [row], "id") and again and destination != HERE:
        add_revision(unit, tip_id, only=destination, is_urgent=is_urgent, is_release=is_release)


def add_revision(
    unit: UnitOfWork,
    tip_id: str,
    *,
    offices_only: bool = False,
    only: str = "",
    is_urgent: bool = False,
    is_release: bool = False,
) -> None:
    """Queue a new revision of a tip for every external destination that already has it, and covers for the others.

    `offices_only`: only for desks in remote offices, since the change is not from the tipster. Another is none for an
    office that has only a release. `only`: for this one, and covers for all others; with `is_release`, which has only
    a release. `is_urgent`: at once, and for those that wait until a tip is urgent, too.
    """
    # One transaction at a time, so that no two add the same revision.
    unit.main.execute(select(tip.c.id).where(tip.c.id == tip_id).with_for_update())
    woken = woken_by(unit, tip_id) if is_urgent else set()
    for destination, rows in _rows_away(unit, tip_id, offices_only=offices_only).items():
        due = when_due(unit, tip_id, destination, is_urgent=is_urgent)
        newest, covers = rows[-1], [one for one in rows if is_cover(unit.keys, one)]
        own = [one for one in rows if one not in covers]
        released = is_release if destination == only else bool(own) and _is_of_release(unit, own[-1])
        is_told = bool(own) and (offices_only or not released)
        gets = destination == only if only else is_told or destination in woken
        has_room = newest.state == "blocked" or (newest.state == "due" and not newest.attempts)
        if is_urgent:  # what waits for its moment waits no more
            mine = (delivery.c.tip == tip_id, delivery.c.destination == destination)
            waits = (delivery.c.state == "due", delivery.c.attempts == 0, delivery.c.due_at > due["due_at"])
            unit.main.execute(update(delivery).where(*mine, *waits).values(due))
        is_real = gets or (has_room and newest not in covers)
        revision = newest.revision + (not has_room)
        kind = "cover" if not is_real else "release" if released else ""
        id_ = _marked_id(unit.keys, kind, tip_id, destination, revision) if kind else random_bytes(16)
        if has_room:  # it carries the change. Whether it gets the tip only now, another id at each destination hides
            unit.main.execute(update(delivery).where(delivery.c.id == newest.id).values(id=id_))
            continue
        row = new_row(tip_id, destination, unit.now, revision=revision, id_=id_) | due
        blocked = {"state": "blocked", "due_at": band_start(unit.now)} if newest.state == "due" else {}
        unit.insert_new(delivery, [{**row, **blocked}], "id")


def _rows_away(unit: UnitOfWork, tip_id: str, *, offices_only: bool) -> dict[str, list[Any]]:
    """Return a tip's rows for each destination beyond the desks here, the oldest revision first; lock them."""
    # A delivery that begins meanwhile must carry a change, or whoever makes it must see that it has begun.
    query = select(*(delivery.c[name] for name in (*_NAMED, "state", "attempts")))
    query = query.where(delivery.c.tip == tip_id, ~delivery.c.destination.startswith(Destination.prefix(DESK_SINK)))
    if offices_only:
        query = query.where(delivery.c.destination.in_(offices_of(unit)))
    found: dict[str, list[Any]] = {}
    for row in unit.main.execute(query.order_by(delivery.c.revision).with_for_update()):
        found.setdefault(row.destination, []).append(row)
    return found


def office_destinations(unit: UnitOfWork, tip_id: str) -> list[str]:
    """Return the destinations in remote offices for which a tip or its covers were ever queued."""
    return sorted(_rows_away(unit, tip_id, offices_only=True))


def pending_destinations(connection: Connection) -> list[str]:
    """Return the destinations that still have deliveries, due now or later. Takes one index step per destination."""
    return list(connection.execute(_DESTINATIONS).scalars())


def oldest_due(connection: Connection, destination: str) -> int | None:
    """Return the Unix time since which a destination's oldest delivery is due; None if nothing is due."""
    query = select(func.min(delivery.c.due_at)).where(delivery.c.state == "due")
    return connection.execute(query.where(delivery.c.destination == destination)).scalar()


def waiting(connection: Connection, keys: Connection | Engine, destination: str, now: int) -> list[Any]:
    """Return the rows of deliveries, no covers, that are due for a destination or under way to it."""
    due = (delivery.c.state == "due", delivery.c.destination == destination, delivery.c.due_at <= now + LEASE)
    rows = connection.execute(select(*(delivery.c[name] for name in _NAMED)).where(*due))
    return [row for row in rows if not is_cover(keys, row)]


def claim(unit: UnitOfWork, destination: str, limit: int, *, newest: bool = False) -> list[Any]:
    """Claim at most `limit` due deliveries of a destination, the oldest (or newest) first, for `LEASE`.

    Covers do not count: up to `COVERS_AT_ONCE` are claimed in addition.
    """
    wanted = {"to": destination, "now": unit.now, "most": limit and limit + COVERS_AT_ONCE * (destination != HERE)}
    due, left = [], limit
    rows = unit.main.execute(_NEWEST_DUE if newest else _OLDEST_DUE, wanted).all()
    covers = idle_covers(unit, rows)
    for row in rows:
        if left:
            due.append(row)
            left -= row not in covers
    if due:
        unit.main.execute(_CLAIM, [{"key": row.id, "due": unit.now + LEASE, "n": row.attempts + 1} for row in due])
    return due


def renew_claims(unit: UnitOfWork, ids: Collection[bytes]) -> None:
    unit.main.execute(_RENEW, [{"key": id_, "due": unit.now + LEASE} for id_ in ids])


def mark_done(unit: UnitOfWork, ids: Sequence[bytes], *, covers: bool = False) -> None:
    """Mark deliveries as done, and older dead letters of their tip and destination; with `covers`, only covers."""
    if not ids:
        return
    _end(unit, ids)
    older = unit.main.execute(_OLDER_DEAD, {"ids": ids}).all()
    _end(unit, [one.id for one in older if not covers or is_cover(unit.keys, one)], SUPERSEDED)
    _unblock_next(unit, ids)


def _end(unit: UnitOfWork, ids: Sequence[bytes], reason: str = "") -> None:
    rows = unit.main.execute(_BY_ID, {"ids": ids}).all() if ids else ()
    ended = {"finished": band_start(unit.now), "why": reason}
    if rows:
        unit.main.execute(_DONE, [{"key": row.id, "tag": ended_tag(unit.keys, row), **ended} for row in rows])


def retry_later(unit: UnitOfWork, id_: bytes, attempt: int, seconds: float, reason: str) -> None:
    """Make a delivery due again after `seconds`, unless another process has claimed it since."""
    claimed = _claimed(id_, attempt)
    unit.main.execute(
        update(delivery).where(*claimed).values(**due_in(seconds, unit.now), reason=reason[:REASON_LENGTH])
    )


def dead_letter(unit: UnitOfWork, id_: bytes, attempt: int, reason: str) -> bool:
    """Turn a delivery into a dead letter, which is no longer attempted. False: another process claimed it since."""
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
    dead = (delivery.c.id.label("dead"), delivery.c.revision.label("before"))
    later = select(*dead, *(_OTHER.c[name] for name in _NAMED)).where(
        _OTHER.c.tip == delivery.c.tip,
        _OTHER.c.destination == delivery.c.destination,
        _OTHER.c.revision > delivery.c.revision,
    )
    found = unit.main.execute(later.where(*where)).all()
    ids = ((one, cover_id(unit.keys, one.tip, one.destination, one.before, one.dead[:_SALT])) for one in found)
    covers = {one.dead for one, cover in ids if one.dead == cover}
    _end(unit, [one.dead for one in found if one.dead in covers or not is_cover(unit.keys, one)], SUPERSEDED)
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
    """Return ids of notifications and alarms (`sink.Delivery.kind`) that are finished and were due before `oldest`.

    Reads every delivery. An order to an office to erase its copy stays until it was sent, and `ORDER_DAYS` more.
    """
    past = (delivery.c.tip.contains(":"), delivery.c.due_at < oldest, delivery.c.state != "due")
    is_sent = (delivery.c.state == "done") & (delivery.c.due_at < oldest - ORDER_DAYS * 86_400)
    return connection.execute(select(delivery.c.id).where(*past, ~IS_ORDER | is_sent).limit(most)).scalars().all()


def delete_finished(unit: UnitOfWork, ids: Collection[bytes]) -> None:
    """Delete these deliveries, except those that became due again."""
    unit.main.execute(delete(delivery).where(delivery.c.id.in_(ids), delivery.c.state != "due"))


def _unblock_next(unit: UnitOfWork, ids: Sequence[bytes]) -> None:
    unit.main.execute(_UNBLOCK, {"ids": ids, "now": unit.now})


def _same_as(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a delivery has the same tip and destination as one of `ids`."""
    same = (_OTHER.c.tip == delivery.c.tip, _OTHER.c.destination == delivery.c.destination)
    return select(_OTHER.c.id).where(_OTHER.c.id.in_(bindparam("ids", expanding=True)), *same, *more).exists()


def _claimed(id_: bytes, attempt: int) -> Sequence[Any]:
    return (delivery.c.id == id_, delivery.c.state == "due", delivery.c.attempts == attempt)


_NAMED = ("id", "tip", "destination", "revision")
_OTHER = delivery.alias("other")
_FIRST = select(func.min(delivery.c.destination).label("name")).where(delivery.c.state == "due").cte(recursive=True)
_NEXT = select(func.min(delivery.c.destination)).where(
    delivery.c.state == "due", delivery.c.destination > _FIRST.c.name
)
_STEPS = _FIRST.union_all(select(_NEXT.scalar_subquery()).where(_FIRST.c.name.is_not(None)))
_DESTINATIONS = select(_STEPS.c.name).where(_STEPS.c.name.is_not(None))
_DUE = (
    select(*(delivery.c[name] for name in (*_NAMED, "attempts", "reason")))
    .where(delivery.c.state == "due", delivery.c.destination == bindparam("to"), delivery.c.due_at <= bindparam("now"))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_OLDEST_DUE, _NEWEST_DUE = _DUE.order_by(delivery.c.due_at), _DUE.order_by(delivery.c.due_at.desc())
_DONE = (
    update(delivery)
    .where(delivery.c.id == bindparam("key"))
    .values(state="done", attempts=0, wait=0)
    .values(reason=bindparam("why"), due_at=bindparam("finished"), ended=bindparam("tag"))
)
_BY_ID = select(*(delivery.c[name] for name in _NAMED)).where(delivery.c.id.in_(bindparam("ids", expanding=True)))
_OLDER_DEAD = select(*(delivery.c[name] for name in _NAMED)).where(
    delivery.c.state == "dead_letter", _same_as(delivery.c.revision < _OTHER.c.revision)
)
_UNBLOCK = (
    update(delivery).where(delivery.c.state == "blocked", _same_as()).values(state="due", due_at=bindparam("now"))
)
_CLAIMED = {"due_at": bindparam("due"), "wait": LEASE}
_CLAIM = update(delivery).where(delivery.c.id == bindparam("key")).values(**_CLAIMED, attempts=bindparam("n"))
_RENEW = update(delivery).where(delivery.c.id == bindparam("key"), delivery.c.state == "due").values(**_CLAIMED)
