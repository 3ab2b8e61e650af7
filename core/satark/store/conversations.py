"""The `conversation` table: find a conversation by any pseudonym of its sender, lock it, read it, write it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, delete, select, update

from satark.store.tables import alias, conversation, provider_message

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.store.unit_of_work import UnitOfWork


class ConversationRow(msgspec.Struct, frozen=True):
    """A conversation as stored; an empty draft means that it was created just now."""

    id: bytes
    draft: bytes
    handle: bytes


_ALIASES = select(alias.c.pseudonym, alias.c.conversation).where(
    alias.c.pseudonym.in_(bindparam("ids", expanding=True))
)
_EXISTING = select(conversation.c.id).where(conversation.c.id.in_(bindparam("ids", expanding=True)))
_LOCK = _EXISTING.order_by(conversation.c.id).with_for_update()
_READ = select(conversation.c.id, conversation.c.draft, conversation.c.handle).where(
    conversation.c.id.in_(bindparam("ids", expanding=True))
)
_UPDATE = (
    update(conversation)
    .where(conversation.c.id == bindparam("key"))
    .values({name: bindparam(name) for name in ("draft", "handle", "expires_at", "nudge_at")})
)


def find(connection: Connection, senders: Iterable[Sequence[bytes]]) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """Find the conversation of each sender by their pseudonyms; a new conversation gets the first one as its id.

    Returns:
        The conversation id of every pseudonym, and the part of it that is not stored yet.
    """
    senders = list(senders)
    ids = [pseudonym for sender in senders for pseudonym in sender]
    known = {row.pseudonym: row.conversation for row in connection.execute(_ALIASES, {"ids": ids})}
    known |= {found: found for found in connection.execute(_EXISTING, {"ids": ids}).scalars()}
    found = dict(known)
    for sender in senders:
        id_ = next((found[pseudonym] for pseudonym in sender if pseudonym in found), sender[0])
        for pseudonym in sender:
            found.setdefault(pseudonym, id_)
    return found, {pseudonym: id_ for pseudonym, id_ in found.items() if pseudonym not in known}


def lock(unit: UnitOfWork, found: Mapping[bytes, bytes], new: Mapping[bytes, bytes]) -> dict[bytes, ConversationRow]:
    """Create the new conversations, lock all of them until the commit, and read them; the arguments are `find`'s.

    Locking is a statement of its own: one that locks and reads could read a state from before it waited.
    """
    wanted = sorted(set(found.values()))
    missing = [{"id": i, "draft": b"", "handle": b"", "expires_at": unit.now} for i in wanted if i in new]
    unit.insert_new(conversation, missing, "id")
    if unit.main.dialect.name == "postgresql":
        unit.main.execute(_LOCK, {"ids": wanted}).all()
    return read(unit.main, wanted)


def read(connection: Connection, ids: Iterable[bytes]) -> dict[bytes, ConversationRow]:
    """Read those of these conversations that exist, without locks."""
    rows = connection.execute(_READ, {"ids": sorted(set(ids))})
    return {row.id: ConversationRow(row.id, row.draft, row.handle) for row in rows}


def write(unit: UnitOfWork, rows: Sequence[Mapping[str, object]]) -> None:
    """Store sessions: `key` (the id), `draft`, `handle`, `expires_at`, `nudge_at`."""
    if rows:
        unit.main.execute(_UPDATE, list(rows))


def add_aliases(unit: UnitOfWork, aliases: Mapping[bytes, bytes]) -> None:
    """Store further pseudonyms of senders, as pseudonym → conversation id."""
    rows = [{"pseudonym": p, "conversation": c} for p, c in sorted(aliases.items()) if p != c]
    unit.insert_new(alias, rows, "pseudonym")


def delete_conversations(unit: UnitOfWork, ids: Sequence[bytes]) -> None:
    """Delete conversations with their drafts, addresses, pseudonyms and provider message ids."""
    if ids:
        unit.main.execute(delete(provider_message).where(provider_message.c.conversation.in_(ids)))
        unit.main.execute(delete(alias).where(alias.c.conversation.in_(ids)))
        unit.main.execute(delete(conversation).where(conversation.c.id.in_(ids)))


def lock_expired(connection: Connection, now: int, limit: int) -> list[ConversationRow]:
    """Lock and read conversations that have expired; skip those that a turn has locked."""
    query = _READ_EXPIRED.limit(limit)
    return [ConversationRow(row.id, row.draft, row.handle) for row in connection.execute(query, {"now": now})]


def lock_due_for_nudge(connection: Connection, now: int, limit: int) -> list[ConversationRow]:
    """Lock and read conversations that are due for a nudge, each once; skip those that a turn has locked."""
    rows = [
        ConversationRow(row.id, row.draft, row.handle)
        for row in connection.execute(_READ_DUE_FOR_NUDGE.limit(limit), {"now": now})
    ]
    if rows:
        nudged = conversation.c.id.in_([row.id for row in rows])
        connection.execute(update(conversation).where(nudged).values(nudge_at=None))
    return rows


_READ_DUE_FOR_NUDGE = (
    select(conversation.c.id, conversation.c.draft, conversation.c.handle)
    .where(conversation.c.nudge_at <= bindparam("now"))
    .order_by(conversation.c.nudge_at)
    .with_for_update(skip_locked=True)
)
_READ_EXPIRED = (
    select(conversation.c.id, conversation.c.draft, conversation.c.handle)
    .where(conversation.c.expires_at <= bindparam("now"))
    .order_by(conversation.c.expires_at)
    .with_for_update(skip_locked=True)
)
