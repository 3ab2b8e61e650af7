"""The outbox in the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, delete, select, update

from satark.channel import Call
from satark.identity.edge_key import BrokenSeal
from satark.store.tables import outbox

if TYPE_CHECKING:
    from satark.identity.edge_key import Identity
    from satark.store.unit_of_work import UnitOfWork


class OutboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One provider call that a turn put into the outbox."""

    id: bytes
    position: int
    conversation: bytes
    call: Call
    keep: bool = False
    settle: bool = False

    def __repr__(self) -> str:
        return "Outgoing(…)"


SEND_LEASE = 10
"""Seconds after which another process may send a call, unless the one that has it renews its claim."""

REPORT_DAYS = 3
"""Days that a sent call is kept whose fallback a later report of the provider may ask for."""


def add(unit: UnitOfWork, items: Sequence[OutboxMessage], identity: Identity) -> None:
    """Put calls into the outbox, over those of the same conversations that they overtake."""
    if not items:
        return
    overtaken = outbox.c.conversation.in_({item.conversation for item in items})
    unit.main.execute(delete(outbox).where(overtaken, ~outbox.c.keep, outbox.c.state == "due"))
    unit.queue(outbox, [_row(item, identity, unit.now + SEND_LEASE) for item in items])


def claim(unit: UnitOfWork, identity: Identity, limit: int) -> list[tuple[OutboxMessage, int]]:
    """Take calls that are due; give each with the number of the attempt. Others leave them alone for `SEND_LEASE`."""
    rows = unit.main.execute(_DUE.limit(limit), {"now": unit.now}).all()
    if rows:
        claimed = [{"key": r.id, "due": unit.now + SEND_LEASE, "n": r.attempts + 1} for r in rows]
        unit.main.execute(_CLAIM, claimed)
    found = []
    for row in rows:
        try:
            call = identity.open_call(row.call, row.id)
        except BrokenSeal:
            dead(unit, row.id, "broken seal")
            continue
        item = OutboxMessage(id=row.id, position=row.position, conversation=row.conversation, call=call, keep=row.keep)
        found.append((item, row.attempts + 1))
    return found


def renew(unit: UnitOfWork, ids: Iterable[bytes]) -> None:
    """Claim calls anew that wait in this process still."""
    unit.main.execute(_RENEW, [{"key": id_, "due": unit.now + SEND_LEASE} for id_ in ids])


def done(unit: UnitOfWork, ids: Iterable[bytes]) -> None:
    """Forget calls that were sent."""
    unit.main.execute(_DELETE, [{"key": id_} for id_ in ids])


def awaiting_report(unit: UnitOfWork, id_: bytes) -> None:
    """Keep a sent call until the provider reports on it, since its fallback may be needed."""
    values = {"state": "sent", "due_at": unit.now + REPORT_DAYS * 86400}
    unit.main.execute(update(outbox).where(outbox.c.id == id_).values(**values))


def later(unit: UnitOfWork, id_: bytes, attempts: int, seconds: float, reason: str) -> None:
    """Say that a call shall be tried again; `attempts` is how many counted until now."""
    values = {"state": "due", "attempts": attempts, "due_at": unit.now + int(seconds), "reason": reason}
    unit.main.execute(update(outbox).where(outbox.c.id == id_).values(**values))


def dead(unit: UnitOfWork, id_: bytes, reason: str) -> None:
    """Give a call up: its reason is kept for the operator, its content and address are not."""
    values = {"state": "dead", "call": b"", "reason": reason}
    unit.main.execute(update(outbox).where(outbox.c.id == id_).values(**values))


def use_fallback(unit: UnitOfWork, id_: bytes, identity: Identity) -> None:
    """Put a call's fallback in its place and make it due, where it has one."""
    row = unit.main.execute(select(outbox).where(outbox.c.id == id_)).one_or_none()
    if row is None or not row.call:
        return
    call = fallback(identity.open_call(row.call, id_))
    if call is None:
        dead(unit, id_, "window closed")
        return
    values = {"call": identity.seal_call(call, id_), "state": "due", "due_at": unit.now}
    unit.main.execute(update(outbox).where(outbox.c.id == id_).values(**values))


def fallback(call: Call) -> Call | None:
    """Give the call to make where the reply window is closed, or None."""
    return Call(account=call.account, method=call.method, body=call.fallback) if call.fallback else None


def release(unit: UnitOfWork) -> None:
    """Make everything due at once: for the only process of an embedded database, at its start."""
    unit.main.execute(update(outbox).where(outbox.c.state == "due").values(due_at=unit.now))


def sweep(unit: UnitOfWork) -> None:
    """Forget sent calls that no report came for."""
    unit.main.execute(delete(outbox).where(outbox.c.state == "sent", outbox.c.due_at <= unit.now))


def _row(item: OutboxMessage, identity: Identity, due_at: int) -> dict[str, object]:
    return {
        "id": item.id,
        "position": item.position,
        "conversation": item.conversation,
        "call": identity.seal_call(item.call, item.id),
        "state": "due",
        "keep": item.keep,
        "attempts": 0,
        "due_at": due_at,
        "reason": "",
    }


_DUE = (
    select(outbox)
    .where(outbox.c.state == "due", outbox.c.due_at <= bindparam("now"))
    .order_by(outbox.c.position)
    .with_for_update(skip_locked=True)
)
_CLAIM = update(outbox).where(outbox.c.id == bindparam("key")).values(due_at=bindparam("due"), attempts=bindparam("n"))
_RENEW = update(outbox).where(outbox.c.id == bindparam("key"), outbox.c.state == "due").values(due_at=bindparam("due"))
_DELETE = delete(outbox).where(outbox.c.id == bindparam("key"))
