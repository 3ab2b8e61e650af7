"""Conversations in the store: found by any of their sender's pseudonyms, locked, read, written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, delete, select, update

from satark.store.tables import alias, conversation, trace

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.store.unit_of_work import UnitOfWork


class ConversationRow(msgspec.Struct, frozen=True):
    """A conversation as stored; an empty draft means that it has just been made."""

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
    """Find the conversation of each sender by their pseudonyms, the first one of which names a conversation to be made.

    Returns:
        The conversation of every pseudonym, and those of them that are not in the store yet.
    """
    senders = list(senders)
    ids = [pseudonym for sender in senders for pseudonym in sender]
    known = {row.pseudonym: row.conversation for row in connection.execute(_ALIASES, {"ids": ids})}
    known |= {found: found for found in connection.execute(_EXISTING, {"ids": ids}).scalars()}
    homes = dict(known)
    for sender in senders:
        home = next((homes[pseudonym] for pseudonym in sender if pseudonym in homes), sender[0])
        for pseudonym in sender:
            homes.setdefault(pseudonym, home)
    return homes, {pseudonym: home for pseudonym, home in homes.items() if pseudonym not in known}


def lock(unit: UnitOfWork, homes: Mapping[bytes, bytes], new: Mapping[bytes, bytes]) -> dict[bytes, ConversationRow]:
    """Lock what `find` found for the rest of the transaction, making the conversations that are new, then read them.

    Locking is a statement of its own: one that locks and reads could read what was true before it waited.
    """
    wanted = sorted(set(homes.values()))
    missing = [{"id": i, "draft": b"", "handle": b"", "expires_at": unit.now} for i in wanted if i in new]
    unit.insert_new(conversation, missing, "id")
    if unit.main.dialect.name == "postgresql":
        unit.main.execute(_LOCK, {"ids": wanted}).all()
    return read(unit.main, wanted)


def read(connection: Connection, ids: Iterable[bytes]) -> dict[bytes, ConversationRow]:
    """Read those of these conversations that there are, locking none."""
    rows = connection.execute(_READ, {"ids": sorted(set(ids))})
    return {row.id: ConversationRow(row.id, row.draft, row.handle) for row in rows}


def write(unit: UnitOfWork, rows: Sequence[Mapping[str, object]]) -> None:
    """Store sessions: `key` (the id), `draft`, `handle`, `expires_at`, `nudge_at`."""
    if rows:
        unit.main.execute(_UPDATE, list(rows))


def link(unit: UnitOfWork, aliases: Mapping[bytes, bytes]) -> None:
    """Remember further pseudonyms: pseudonym → conversation."""
    rows = [{"pseudonym": p, "conversation": c} for p, c in sorted(aliases.items()) if p != c]
    unit.insert_new(alias, rows, "pseudonym")


def end(unit: UnitOfWork, ids: Sequence[bytes]) -> None:
    """Erase conversations: draft, address, pseudonyms and traces."""
    if ids:
        unit.main.execute(delete(trace).where(trace.c.conversation.in_(ids)))
        unit.main.execute(delete(alias).where(alias.c.conversation.in_(ids)))
        unit.main.execute(delete(conversation).where(conversation.c.id.in_(ids)))


def expired(connection: Connection, now: int, limit: int) -> list[ConversationRow]:
    """Lock and read conversations whose time ran out, passing over those that a turn holds."""
    query = _READ_EXPIRED.limit(limit)
    return [ConversationRow(row.id, row.draft, row.handle) for row in connection.execute(query, {"now": now})]


def silent(connection: Connection, now: int, limit: int) -> list[ConversationRow]:
    """Lock and read conversations that are to be asked once more, passing over those that a turn holds; each once."""
    rows = [
        ConversationRow(row.id, row.draft, row.handle)
        for row in connection.execute(_READ_SILENT.limit(limit), {"now": now})
    ]
    if rows:
        asked = conversation.c.id.in_([row.id for row in rows])
        connection.execute(update(conversation).where(asked).values(nudge_at=None))
    return rows


_READ_SILENT = (
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
