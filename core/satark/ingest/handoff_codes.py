"""Handoff codes: a tipster types one on another channel to continue their draft there.

A code has 12 digits (40 bits), is valid for minutes and works once. Like a receipt, the code is stored only as the
result of Argon2id under the edge key: one half is a look-up; the other half opens the row that the look-up finds, which
names the conversation that asked for the code. The database alone tells neither a code nor its conversation. A guess
costs the same memory-hard work as a guess at a receipt, and both share one budget. A code is valid only while its
session names it, so a newer code, a submission or an erasure ends it.
"""

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import delete, select

from satark.api.tip import HANDOFF_DIGITS
from satark.dialogue.session import Session
from satark.identity.edge_key import Identity
from satark.identity.receipt_codes import CodeStock
from satark.ingest.event import InboundEvent
from satark.store import tables
from satark.store.unit_of_work import UnitOfWork

_AHEAD = 8
"""Number of codes to have ready. It is small: few tipsters change to another channel."""


class HandoffCodes:
    """Gives out codes, which are valid for `minutes`, and redeems them; runs inside a turn's transaction."""

    def __init__(self, identity: Identity, minutes: float) -> None:
        self.stock = CodeStock(identity, digits=HANDOFF_DIGITS, ahead=_AHEAD)
        self.minutes = minutes

    def give(self, unit: UnitOfWork, conversation: bytes, session: Session) -> tuple[Session, str]:
        """Give out a code for a conversation's session; an earlier code of the session becomes invalid."""
        fresh = self.stock.take()
        self.drop(unit, session)
        expires_at = unit.now + int(self.minutes * 60)
        row = {"lookup": fresh.key.lookup, "sealed": fresh.key.lock(conversation), "expires_at": expires_at}
        unit.insert(tables.handoff_code, [row])
        return msgspec.structs.replace(session, handoff_code=fresh.key.lookup.hex()), fresh.code

    def origins(self, unit: UnitOfWork, events: Iterable[InboundEvent]) -> Mapping[bytes, bytes]:
        """Find the conversations of the codes in these events; return look-up → conversation."""
        keys = {event.code.lookup: event.code for event in events if event.code}
        if not keys:
            return {}
        good = (tables.handoff_code.c.lookup.in_(list(keys)), tables.handoff_code.c.expires_at > unit.now)
        rows = unit.main.execute(select(tables.handoff_code.c.lookup, tables.handoff_code.c.sealed).where(*good)).all()
        found = {row.lookup: keys[row.lookup].unlock(row.sealed) for row in rows}
        return {lookup: conversation for lookup, conversation in found.items() if conversation}

    def drop(self, unit: UnitOfWork, session: Session) -> None:
        if session.handoff_code:
            lookup = bytes.fromhex(session.handoff_code)
            unit.main.execute(delete(tables.handoff_code).where(tables.handoff_code.c.lookup == lookup))


def brought(session: Session | None, event: InboundEvent) -> Session | None:
    """Return the session for which the code in an event was made, if that session is still a draft."""
    if session is None or session.submitted or event.code is None:
        return None
    return session if session.handoff_code == event.code.lookup.hex() else None
