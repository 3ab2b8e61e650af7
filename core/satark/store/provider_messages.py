"""What a provider calls the messages of a conversation, kept only so that they can be taken back at its end."""

from __future__ import annotations

from collections.abc import Iterable
from secrets import token_bytes
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from satark.identity.edge_key import BrokenSeal
from satark.store.tables import conversation, trace

if TYPE_CHECKING:
    from satark.identity.edge_key import Identity
    from satark.store.unit_of_work import UnitOfWork

HOURS: Final = 48
"""How long a trace is of use: Telegram deletes no older message (Bot API, `deleteMessage`)."""


def add(unit: UnitOfWork, traces: Iterable[tuple[bytes, str]], identity: Identity) -> None:
    """Keep traces (conversation, trace) of those conversations that there still are."""
    traces = list(traces)
    wanted = {home for home, _ in traces}
    known = set(unit.main.execute(select(conversation.c.id).where(conversation.c.id.in_(wanted))).scalars())
    unit.insert(trace, [_row(unit, home, name, identity) for home, name in traces if home in known])


def of(unit: UnitOfWork, home: bytes, identity: Identity) -> list[str]:
    """Give the traces of a conversation, in no order."""
    rows = unit.main.execute(select(trace.c.id, trace.c.sealed).where(trace.c.conversation == home)).all()
    found = []
    for row in rows:
        try:
            found.append(identity.open(row.sealed, row.id).decode())
        except BrokenSeal:
            continue
    return found


def sweep(unit: UnitOfWork) -> None:
    """Forget traces that are of no use any more."""
    unit.main.execute(delete(trace).where(trace.c.expires_at <= unit.now))


def _row(unit: UnitOfWork, home: bytes, name: str, identity: Identity) -> dict[str, object]:
    id_ = token_bytes(16)
    sealed = identity.seal(name.encode(), id_)
    return {"id": id_, "conversation": home, "sealed": sealed, "expires_at": unit.now + HOURS * 3600}
