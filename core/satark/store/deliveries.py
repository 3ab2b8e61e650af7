"""The `delivery` table: one row for each tip, destination and revision.

Every tip has rows for every destination, so that they don't tell who must not have it. A destination that gets nothing
has covers. A row's mark says, to the name key alone, whether it is a cover, carries a tip, or only a release, whose
office must not learn when the tipster writes. A row with no mark of these gets nothing: somebody altered it.

A row is `due` (at `due_at`; a claim sets that to the claim's end), `blocked` (behind an earlier revision of the same
tip for the same destination), `done` or `dead_letter`. Only a due row has an exact time; the others have the time of
their six-hour band. No query scans the head of the whole queue: each destination has its own range of the index
`delivery_due`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, delete, func, select, update

from satark.api.routing import DESK_SINK, HERE, Destination
from satark.api.services import UnitOfWork
from satark.identity.random_bytes import random_bytes
from satark.identity.time_buckets import band_start
from satark.store import envelopes
from satark.store.delivery_marks import COLUMNS, Kind, ended_tag, is_cover, is_given, kind_of, mark, mark_of
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
REASON_LENGTH = 200
"""Longest reason that is stored, in characters."""


def new_row(
    keys: Connection | Engine,
    tip: str,
    destination: str,
    now: int,
    *,
    revision: int = 1,
    kind: Kind = "tip",
    id_: bytes = b"",
) -> dict[str, object]:
    """Make the row of a delivery that is due. `id_` empty: a random id."""
    id_ = id_ or random_bytes(16)
    return {
        "id": id_,
        "tip": tip,
        "destination": destination,
        "revision": revision,
        "state": "due",
        "attempts": 0,
        **due_in(0, now),
        "reason": "",
        "mark": mark(keys, kind, id_=id_, tip=tip, destination=destination, revision=revision),
    }


def was_given(unit: UnitOfWork, tip_id: str, destination: str) -> bool:
    """Return whether a row ever gave an office a tip or a release."""
    return any(is_given(unit.keys, one) for one in _rows_away(unit, tip_id, offices_only=True).get(destination, []))


def idle_covers(unit: UnitOfWork, rows: Sequence[Any]) -> list[Any]:
    """Return which claimed rows stand for nothing: altered ones, and covers without a delivery that waits behind.

    Else a destination that is down, which gets no cover, would never get what was given to it since.
    """
    kinds = {row.id: kind_of(unit.keys, row) for row in rows if row.destination != HERE}
    idle = [row for row in rows if kinds.get(row.id, "tip") in {"cover", None}]
    tried = [row.tip for row in idle if row.attempts]
    query = select(*COLUMNS).where(delivery.c.state == "blocked", delivery.c.tip.in_(tried))
    behind = unit.main.execute(query).all() if tried else ()
    own = {(row.tip, row.destination) for row in behind if is_given(unit.keys, row)}
    return [row for row in idle if not kinds[row.id] or (row.tip, row.destination) not in own]


def undelivered(
    main: Connection, keys: Connection, since: Mapping[str, int], holders: Mapping[str, str]
) -> set[tuple[str, str]]:
    """Return tip and destination of what nobody delivered or gave up, whatever the rows say. Reads every row.

    `since`: destinations for which every tip of a later day than this has a row. `holders`: holder → a destination that
    gets each tip of which this holder has an envelope: where every row calls itself a cover, an older row was put back.
    """
    days = {row.id: row.day for row in main.execute(select(tip.c.id, tip.c.day))}
    lacking = {to: {one for one, day in days.items() if day > first} for to, first in since.items()}
    owed = {to: set[str]() for to in holders.values()}
    for one, holder in envelopes.held_by(keys, holders):
        owed[holders[holder]].update({one} & days.keys())
    query = select(*COLUMNS, delivery.c.state, delivery.c.ended).where(
        ~delivery.c.tip.contains(":"), delivery.c.destination != HERE
    )
    found = set()
    for row in main.execute(query.execution_options(yield_per=1000)):
        kind = kind_of(keys, row)
        lacking.get(row.destination, set()).discard(row.tip)
        if kind in {"release", "tip"}:
            owed.get(row.destination, set()).discard(row.tip)
        is_over = row.ended == ended_tag(keys, row) if row.state == "done" else row.state == "dead_letter"
        if not is_over or (row.state == "done" and kind is None):
            found.add((row.tip, row.destination))
    return found.union((one, to) for kept in (lacking, owed) for to, tips in kept.items() for one in tips)


def add(
    unit: UnitOfWork,
    tip_id: str,
    destination: str,
    *,
    again: bool = False,
    is_urgent: bool = False,
    kind: Kind = "tip",
    id_: bytes = b"",
) -> None:
    """Queue a tip for another destination, unless the tip was queued for it before.

    `again`: add a revision if it was queued, since the destination may have had only covers. `is_urgent`: as for
    `add_revision`. `id_` empty: a random id.
    """
    due = when_due(unit, tip_id, destination, is_urgent=is_urgent)
    row = new_row(unit.keys, tip_id, destination, unit.now, kind=kind, id_=id_) | due
    if not unit.insert_new(delivery, [row], "id") and again and destination != HERE:
        add_revision(unit, tip_id, only=destination, is_urgent=is_urgent, kind=kind)


def add_revision(
    unit: UnitOfWork,
    tip_id: str,
    *,
    offices_only: bool = False,
    only: str = "",
    is_urgent: bool = False,
    kind: Kind = "tip",
) -> None:
    """Queue a new revision of a tip for every external destination that already has it, and covers for the others.

    `offices_only`: only for desks in remote offices, since the change is not from the tipster. Another is none for an
    office that has only a release. `only`: for this one, of this `kind`, and covers for all others. `is_urgent`: at
    once, and for those that wait until a tip is urgent, too.
    """
    # One transaction at a time, so that no two add the same revision.
    unit.main.execute(select(tip.c.id).where(tip.c.id == tip_id).with_for_update())
    woken = woken_by(unit, tip_id) if is_urgent else set()
    away = _rows_away(unit, tip_id, offices_only=offices_only)
    released = set() if offices_only else _released(unit, tip_id)
    for destination, rows in away.items():
        due = when_due(unit, tip_id, destination, is_urgent=is_urgent)
        newest, kinds = rows[-1], [kind_of(unit.keys, one) for one in rows]
        had = next((one for one in reversed(kinds) if one in {"release", "tip"}), None)
        gives = kind if destination == only else had or "tip"
        is_told = had is not None and (offices_only or (had == "tip" and destination not in released))
        gets = destination == only if only else is_told or destination in woken
        has_room = newest.state == "blocked" or (newest.state == "due" and not newest.attempts)
        has_room = has_room and kinds[-1] is not None  # nothing is put right that somebody altered
        if is_urgent:  # what waits for its moment waits no more
            mine = (delivery.c.tip == tip_id, delivery.c.destination == destination)
            waits = (delivery.c.state == "due", delivery.c.attempts == 0, delivery.c.due_at > due["due_at"])
            unit.main.execute(update(delivery).where(*mine, *waits).values(due))
        is_real = gets or (has_room and kinds[-1] != "cover")
        revision, says = newest.revision + (not has_room), gives if is_real else "cover"
        row = new_row(unit.keys, tip_id, destination, unit.now, revision=revision, kind=says) | due
        if has_room:  # it carries the change. Whether it gets the tip only now, another id at each destination hides
            marked = {name: row[name] for name in ("id", "mark")}
            unit.main.execute(update(delivery).where(delivery.c.id == newest.id).values(marked))
            continue
        blocked = {"state": "blocked", "due_at": band_start(unit.now)} if newest.state == "due" else {}
        unit.insert_new(delivery, [{**row, **blocked}], "id")


def _released(unit: UnitOfWork, tip_id: str) -> set[str]:
    """Return the offices that have only a release of a tip, whatever their rows say."""
    desks = {Destination(one).name: one for one in offices_of(unit)}
    return {desks[desk] for _, desk in envelopes.releases(unit.keys, ((tip_id, desk) for desk in desks))}


def _rows_away(unit: UnitOfWork, tip_id: str, *, offices_only: bool) -> dict[str, list[Any]]:
    """Return a tip's rows for each destination beyond the desks here, the oldest revision first; lock them."""
    # A delivery that begins meanwhile must carry a change, or whoever makes it must see that it has begun.
    query = select(*COLUMNS, delivery.c.state, delivery.c.attempts).where(
        delivery.c.tip == tip_id, ~delivery.c.destination.startswith(Destination.prefix(DESK_SINK))
    )
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
    return [row for row in connection.execute(select(*COLUMNS).where(*due)) if is_given(keys, row)]


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
    for row in rows:
        if reason and kind_of(unit.keys, row) is None:  # somebody altered it, and it was replaced: it is no fault now
            values = {"mark": mark_of(unit.keys, row, "cover")}
            unit.main.execute(update(delivery).where(delivery.c.id == row.id).values(values))


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
    same = (_OTHER.c.tip == delivery.c.tip, _OTHER.c.destination == delivery.c.destination)
    older = select(delivery.c.id).where(*where, *same, _OTHER.c.revision > delivery.c.revision).exists()
    later = unit.main.execute(
        select(*(_OTHER.c[one.name] for one in COLUMNS)).where(older).order_by(_OTHER.c.revision)
    ).all()
    newest = {(one.tip, one.destination): one.revision for one in later}
    given = {(one.tip, one.destination): one.revision for one in later if is_given(unit.keys, one)}
    dead = unit.main.execute(select(*COLUMNS).where(*where)).all()
    by = [(one, newest if is_cover(unit.keys, one) else given) for one in dead]
    _end(unit, [one.id for one, known in by if known.get((one.tip, one.destination), 0) > one.revision], SUPERSEDED)
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


_OTHER = delivery.alias("other")
_FIRST = select(func.min(delivery.c.destination).label("name")).where(delivery.c.state == "due").cte(recursive=True)
_NEXT = select(func.min(delivery.c.destination)).where(
    delivery.c.state == "due", delivery.c.destination > _FIRST.c.name
)
_STEPS = _FIRST.union_all(select(_NEXT.scalar_subquery()).where(_FIRST.c.name.is_not(None)))
_DESTINATIONS = select(_STEPS.c.name).where(_STEPS.c.name.is_not(None))
_DUE = (
    select(*COLUMNS, delivery.c.attempts, delivery.c.reason)
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
_BY_ID = select(*COLUMNS).where(delivery.c.id.in_(bindparam("ids", expanding=True)))
_OLDER_DEAD = select(*COLUMNS).where(
    delivery.c.state == "dead_letter", _same_as(delivery.c.revision < _OTHER.c.revision)
)
_UNBLOCK = (
    update(delivery).where(delivery.c.state == "blocked", _same_as()).values(state="due", due_at=bindparam("now"))
)
_CLAIMED = {"due_at": bindparam("due"), "wait": LEASE}
_CLAIM = update(delivery).where(delivery.c.id == bindparam("key")).values(**_CLAIMED, attempts=bindparam("n"))
_RENEW = update(delivery).where(delivery.c.id == bindparam("key"), delivery.c.state == "due").values(**_CLAIMED)
