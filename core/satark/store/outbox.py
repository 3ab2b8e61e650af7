"""The `outbox` table: replies that are due, replies that were sent but may need their fallback, and dead letters."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from msgspec.structs import replace
from sqlalchemy import ColumnElement, bindparam, delete, select, update

from satark.api.observability import Redacted
from satark.api.outbound import Call
from satark.identity import time_buckets
from satark.identity.edge_key import BrokenSeal, Handle, Identity
from satark.store import bulk, tables
from satark.store.due_times import due_at_moment
from satark.store.tables import outbox
from satark.store.unit_of_work import UnitOfWork, due_in


class OutboxMessage(Redacted, frozen=True, kw_only=True):
    id: bytes
    position: int
    """The message's place in the order of its conversation."""
    conversation: bytes
    call: Call
    must_arrive: bool = False
    """As in `Prompt.must_arrive`."""
    debounce: bool = False
    """As in `Prompt.debounce`; not stored."""


SEND_LEASE = 10
"""Seconds that a claim on a call lasts unless it is renewed; then another process may send the call."""

LONG_WAIT = 900
"""Seconds from which a wait is long: its row would show when a call was made."""

_FIRST = 0
"""The position of a call that stays: the position that it was given is the moment at which it was made."""

REPORT_DAYS = 3
"""Days to store that a call was sent: a later report of the provider may make its fallback necessary."""


def add(unit: UnitOfWork, items: Sequence[OutboxMessage], identity: Identity) -> None:
    """Add calls to the outbox and delete the due calls of the same conversations that they supersede."""
    if not items:
        return
    bulk.delete(unit.main, outbox.c.conversation, [*{item.conversation for item in items}], _SUPERSEDED)
    unit.queue(outbox, [_row(item, identity, unit.now) for item in items])


def claim(unit: UnitOfWork, identity: Identity, limit: int, since: int = 0) -> list[tuple[OutboxMessage, int]]:
    """Claim calls that are due since a moment (Unix seconds), for `SEND_LEASE`; return each with its attempt number."""
    rows = unit.main.execute(_DUE.limit(limit), {"now": unit.now, "since": since}).all()
    if rows:
        claimed = [{"key": r.id, "due": unit.now + SEND_LEASE, "n": r.attempts + 1} for r in rows]
        unit.main.execute(_CLAIM, claimed)
    messages = []
    for row in rows:
        try:
            call = identity.open_call(row.call, row.id)
        except BrokenSeal:
            dead_letter(unit, row.id, "broken seal", identity)
            continue
        message = OutboxMessage(
            id=row.id, position=row.position, conversation=row.conversation, call=call, must_arrive=row.must_arrive
        )
        messages.append((message, row.attempts + 1))
    return messages


def renew_claims(unit: UnitOfWork, ids: Iterable[bytes]) -> None:
    """Renew the claims on calls that still wait in this process."""
    unit.main.execute(_RENEW, [{"key": id_, "due": unit.now + SEND_LEASE} for id_ in ids])


def open_reach(identity: Identity, sealed: bytes, id_: bytes, now: float) -> Handle | None:
    """Open the stored handle of a tip; None: it has ended, was forgotten, or does not open. `id_`: the tip's link."""
    handle = identity.open_handle(sealed, id_)
    if handle is None or 0 < handle.until <= now or handle.forgotten < identity.epochs.drafts.of(id_):
        return None
    return handle


def change_reach(unit: UnitOfWork, identity: Identity, id_: bytes, change: Callable[[Handle], Handle]) -> Handle | None:
    """Change the stored handle of a tipster who may be reached. If it changed, return the handle from before.

    `id_`: the keyed link of the tip.
    """
    table = tables.reach
    sealed = unit.main.execute(select(table.c.handle).where(table.c.id == id_).with_for_update()).scalar()
    handle = open_reach(identity, sealed, id_, unit.now) if sealed else None
    if handle is None or (changed := change(handle)) == handle:
        return None
    unit.main.execute(update(table).where(table.c.id == id_).values(handle=identity.seal_handle(changed, id_)))
    return handle


TOLD, LOOKED = (partial(replace, notified=is_told, missed=False) for is_told in (True, False))
"""Changes of a reply handle: its sender is told of news now, or knows all news."""


def told_of(one: Handle, newest: int) -> Handle:
    """Return a tipster's handle once they are told of message `newest`; unchanged if they were told before."""
    return one if one.notified_of >= newest else replace(TOLD(one), notified_of=newest)


def forget_reach(unit: UnitOfWork, identity: Identity, *which: ColumnElement[bool]) -> None:
    """Delete the reply handles of these tipsters, and the notices that tell them of news. None of them counts again."""
    counts = identity.epochs.drafts
    links = unit.main.execute(select(tables.reach.c.id).where(*which)).scalars().all()
    unit.main.execute(delete(tables.reach).where(tables.reach.c.id.in_(links)))
    bulk.delete(unit.main, outbox.c.conversation, [*map(news_queue, links)])

    def note() -> None:
        for link in links:
            counts.note(link, counts.after(link))

    unit.run_after(note)


def news_queue(link: bytes) -> bytes:
    """Return the conversation in which a tip's tipster is told of news. `link`: the keyed link of the tip."""
    return link + link


def _link_of(queue: bytes) -> bytes:
    """Return the keyed link of the tip whose news is told in a conversation; empty: there is none."""
    link = queue[: len(queue) // 2]
    return link if queue == news_queue(link) else b""


def note_failed(unit: UnitOfWork, id_: bytes, identity: Identity) -> None:
    """If a failed call should tell of news, have it told when the tipster writes again, or with later news."""
    row = unit.main.execute(select(outbox.c.conversation, outbox.c.call).where(outbox.c.id == id_)).one_or_none()
    if row and (link := _link_of(row.conversation)):
        change_reach(unit, identity, link, lambda one: replace(one, notified=False, missed=one.notified or one.missed))
        if not row.call:
            delete_sent(unit, [id_])


def delete_sent(unit: UnitOfWork, ids: Iterable[bytes]) -> None:
    bulk.delete(unit.main, outbox.c.id, list(ids))


def needs_report(item: OutboxMessage) -> bool:
    """Return whether a later report on a sent call matters: its fallback may be needed, or it tells of news."""
    return bool(item.call.fallback or _link_of(item.conversation))


def mark_awaiting_report(unit: UnitOfWork, item: OutboxMessage) -> None:
    """Mark a call as sent, and store it until the provider's report: whole only if its fallback may be needed."""
    values: dict[str, object] = {} if item.call.fallback else {"call": b""}
    values |= {"state": "sent", "due_at": time_buckets.band_end(unit.now + REPORT_DAYS * 86400), "position": _FIRST}
    unit.main.execute(update(outbox).where(outbox.c.id == item.id).values(**values))


def retry_later(unit: UnitOfWork, id_: bytes, attempts: int, seconds: float, reason: str) -> None:
    """Make a call due again after `seconds`; `attempts` is the number of attempts so far.

    A long wait ends at a drawn moment: for as long, the row would show the second in which a phone call ended.
    """
    values: dict[str, object] = {"attempts": attempts, "reason": reason, **due_in(seconds, unit.now)}
    if seconds >= LONG_WAIT:
        values |= {**due_at_moment(unit, "outbox", int(seconds)), "position": _FIRST}
    mine = (outbox.c.id == id_, outbox.c.state == "due")  # else another process has sent it, or given it up
    unit.main.execute(update(outbox).where(*mine).values(**values))


def dead_letter(unit: UnitOfWork, id_: bytes, reason: str, identity: Identity) -> None:
    """Turn a call into a dead letter. The reason stays for the operator; the call's content and address are deleted."""
    note_failed(unit, id_, identity)
    due_at = time_buckets.band_start(unit.now)
    values = {"state": "dead_letter", "call": b"", "reason": reason, "due_at": due_at, "position": _FIRST}
    unit.main.execute(update(outbox).where(outbox.c.id == id_).values(**values))


def use_fallback(unit: UnitOfWork, id_: bytes, identity: Identity) -> None:
    """Replace a call by its fallback, and make the fallback due. A call without a fallback becomes a dead letter."""
    row = unit.main.execute(select(outbox).where(outbox.c.id == id_)).one_or_none()
    if row is None or not row.call:
        note_failed(unit, id_, identity)
        return
    call = identity.open_call(row.call, id_)
    if not call.fallback:
        dead_letter(unit, id_, "window closed", identity)
        return
    fallback = Call(account=call.account, method=call.method, body=call.fallback)
    values = {"call": identity.seal_call(fallback, id_), "state": "due", "due_at": unit.now}
    unit.main.execute(update(outbox).where(outbox.c.id == id_).values(**values))


def purge_unreported(unit: UnitOfWork, most: int) -> int:
    """Delete at most `most` sent calls for which no report came in time; return how many."""
    return unit.delete_some(outbox, outbox.c.state == "sent", outbox.c.due_at <= unit.now, most=most)


def _row(item: OutboxMessage, identity: Identity, now: int) -> dict[str, object]:
    return {
        "id": item.id,
        "position": item.position,
        "conversation": item.conversation,
        "call": identity.seal_call(item.call, item.id),
        "state": "due",
        "must_arrive": item.must_arrive,
        "attempts": 0,
        "reason": "",
        **due_in(SEND_LEASE, now),
    }


_DUE = (
    select(outbox)
    .where(outbox.c.state == "due", outbox.c.due_at.between(bindparam("since"), bindparam("now")))
    .order_by(outbox.c.position)
    .with_for_update(skip_locked=True)
)
_CLAIMED = {"due_at": bindparam("due"), "wait": SEND_LEASE}
_CLAIM = update(outbox).where(outbox.c.id == bindparam("key")).values(**_CLAIMED, attempts=bindparam("n"))
_RENEW = update(outbox).where(outbox.c.id == bindparam("key"), outbox.c.state == "due").values(**_CLAIMED)
_SUPERSEDED = "NOT must_arrive AND state = 'due'"
