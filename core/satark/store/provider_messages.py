"""Provider message ids of conversations, stored so that a conversation's messages can be deleted at its end."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from satark.identity import time_buckets
from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.random_bytes import random_bytes
from satark.store import bulk
from satark.store.tables import conversation, provider_message
from satark.store.unit_of_work import UnitOfWork

DELETABLE_HOURS: Final = 48
"""Hours for which an id is useful: Telegram deletes no older message (Bot API, `deleteMessage`)."""


def add(unit: UnitOfWork, messages: Iterable[tuple[bytes, str]], identity: Identity) -> None:
    """Store (conversation, provider message id) for those conversations that still exist."""
    messages = list(messages)
    wanted = list({conversation_id for conversation_id, _ in messages})
    existing = {id_ for (id_,) in bulk.select(unit.main, (conversation.c.id,), conversation.c.id, wanted, lock=False)}
    rows = [_row(unit, owner, message_id, identity) for owner, message_id in messages if owner in existing]
    unit.insert(provider_message, rows)


def ids_of(unit: UnitOfWork, conversation_id: bytes, identity: Identity) -> list[str]:
    """Return the stored provider message ids of a conversation, in no particular order."""
    table = provider_message
    rows = unit.main.execute(select(table.c.id, table.c.sealed).where(table.c.conversation == conversation_id)).all()
    found = []
    for row in rows:
        try:
            found.append(identity.open(row.sealed, row.id).decode())
        except BrokenSeal:
            continue
    return found


def purge_expired(unit: UnitOfWork, most: int) -> int:
    """Delete at most `most` ids that are too old to be useful; return how many."""
    return unit.delete_some(provider_message, provider_message.c.expires_at <= unit.now, most=most)


def _row(unit: UnitOfWork, conversation_id: bytes, message_id: str, identity: Identity) -> dict[str, object]:
    id_ = random_bytes(16)
    sealed = identity.seal(message_id.encode(), id_)
    expires_at = time_buckets.band_end(unit.now + DELETABLE_HOURS * 3600)
    return {"id": id_, "conversation": conversation_id, "sealed": sealed, "expires_at": expires_at}
