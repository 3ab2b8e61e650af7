"""The `conversation` and `alias` tables: find a conversation by any pseudonym of its sender, lock, read and write it.

A conversation's id is random. Only `alias` leads from a sender to a conversation, by look-ups that need an epoch key.
Once that key is destroyed, a row that remains on a disk tells nothing about its sender.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import msgspec
from sqlalchemy import Connection, delete, select

from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.random_bytes import random_bytes
from satark.store import bulk
from satark.store.tables import alias, conversation, provider_message
from satark.store.unit_of_work import UnitOfWork


class ConversationRow(msgspec.Struct, frozen=True):
    """A conversation as stored. If the draft is empty, the conversation was created just now."""

    id: bytes
    draft: bytes
    handle: bytes
    due: bytes


Homes = dict[bytes, bytes]
"""Pseudonym → id of the conversation."""

_ALIAS_COLUMNS = (alias.c.lookup, alias.c.conversation, alias.c.sealed)
_COLUMNS = (conversation.c.id, conversation.c.draft, conversation.c.handle, conversation.c.due)


def find(connection: Connection, identity: Identity, senders: Iterable[Sequence[bytes]]) -> tuple[Homes, Homes]:
    """Return each sender's conversation, a random one if it is new, and the pairs that are not stored yet."""
    senders = list(senders)
    return _homes(senders, _known(connection, identity, senders)[0])


def _known(connection: Connection, identity: Identity, senders: Sequence[Sequence[bytes]]) -> tuple[Homes, list[bytes]]:
    """Return the stored rows of these pseudonyms, and the look-ups of rows moved from another conversation."""
    lookups = {lookup: p for sender in senders for p in sender for lookup in identity.lookups(p)}
    known, moved = Homes(), list[bytes]()
    for lookup, id_, sealed in bulk.select(connection, _ALIAS_COLUMNS, alias.c.lookup, list(lookups), lock=False):
        if identity.seals(sealed, id_, lookups[lookup]):
            known[lookups[lookup]] = id_
        else:
            moved.append(lookup)
    return known, moved


def _homes(senders: Sequence[Sequence[bytes]], known: Homes) -> tuple[Homes, Homes]:
    found = dict(known)
    for sender in senders:
        id_ = next((found[pseudonym] for pseudonym in sender if pseudonym in found), None) or random_bytes(32)
        for pseudonym in sender:
            found.setdefault(pseudonym, id_)
    return found, {pseudonym: id_ for pseudonym, id_ in found.items() if pseudonym not in known}


def find_or_begin(
    unit: UnitOfWork, identity: Identity, senders: Iterable[Sequence[bytes]]
) -> tuple[Homes, Collection[bytes]]:
    """Return each pseudonym's conversation, and which conversations are new. Two processes never begin the same one.

    `write` stores the first row of a new one. Until the commit nobody else can find that row.
    """
    senders = list(senders)
    known, moved = _known(unit.main, identity, senders)
    found, new = _homes(senders, known)
    if not new:
        return found, ()
    if moved:
        bulk.delete(unit.main, alias.c.lookup, moved)
    stored = {id_ for pseudonym, id_ in found.items() if pseudonym not in new}
    rows = {identity.lookup(pseudonym): (pseudonym, id_) for pseudonym, id_ in new.items()}
    aliases = [
        {"lookup": lookup, "conversation": id_, "sealed": identity.seal(pseudonym, id_)}
        for lookup, (pseudonym, id_) in sorted(rows.items())
    ]
    inserted = unit.insert_new(alias, aliases, "lookup")
    unit.run_after(partial(identity.epochs.drafts.begin, inserted))
    if len(inserted) < len(rows):
        # Another process has begun some of these conversations, and has committed by now.
        found, _ = find(unit.main, identity, senders)
    begun = {rows[one][1] for one in inserted} - stored
    return found, begun & set(found.values())


def is_missing(identity: Identity, sender: Iterable[bytes]) -> bool:
    """Return whether this machine knows that a sender's conversation began, and of no end. It then has a row."""
    counts = identity.epochs.drafts
    return counts.is_shared and all(any(map(counts.of, identity.lookups(pseudonym))) for pseudonym in sender)


def lock(unit: UnitOfWork, ids: Iterable[bytes], begun: Collection[bytes] = ()) -> dict[bytes, ConversationRow]:
    """Lock conversations until the commit, and read them. Conversations that this transaction began have no row yet.

    PostgreSQL returns each row's state after the lock, not the state when the statement began to wait (PostgreSQL's
    manual, 13.2.1 "Read Committed"). SQLite locks nothing: its transaction is the only one that writes.
    """
    rows = _rows(unit.main, set(ids).difference(begun), lock=True)
    return rows | {id_: ConversationRow(id_, b"", b"", b"") for id_ in begun}


def read(connection: Connection, ids: Iterable[bytes]) -> dict[bytes, ConversationRow]:
    """Read the conversations that exist among these, without locks."""
    return _rows(connection, set(ids), lock=False)


def _rows(connection: Connection, ids: Collection[bytes], *, lock: bool) -> dict[bytes, ConversationRow]:
    rows = bulk.select(connection, _COLUMNS, conversation.c.id, sorted(ids), lock=lock)
    return {row[0]: ConversationRow(*row) for row in rows}


def write(unit: UnitOfWork, rows: Sequence[Mapping[str, object]]) -> None:
    """Store the rows of new or locked conversations: `id`, `draft`, `handle`, `due`, `ends_by`."""
    bulk.upsert(unit.main, conversation, rows)


def delete_provider_messages(unit: UnitOfWork, ids: Sequence[bytes]) -> None:
    if ids:
        unit.main.execute(delete(provider_message).where(provider_message.c.conversation.in_(ids)))


def delete_senders(unit: UnitOfWork, ids: Collection[bytes]) -> None:
    """Delete what leads to these conversations."""
    unit.main.execute(delete(alias).where(alias.c.conversation.in_(ids)))


def delete_conversations(unit: UnitOfWork, identity: Identity, ids: Sequence[bytes]) -> None:
    """Delete conversations with their drafts, addresses, pseudonyms and provider message ids."""
    delete_provider_messages(unit, ids)
    if ids:
        forget = partial(identity.epochs.drafts.end, _lookups(unit.main, identity, ids))
        forget()  # also if this process is killed at the commit: who had their words erased hears of no loss
        unit.run_after(forget)
        delete_senders(unit, ids)
        unit.main.execute(delete(conversation).where(conversation.c.id.in_(ids)))


def _lookups(connection: Connection, identity: Identity, ids: Sequence[bytes]) -> list[bytes]:
    rows = connection.execute(select(alias.c.conversation, alias.c.sealed).where(alias.c.conversation.in_(ids)))
    found: list[bytes] = []
    for row in rows:
        with suppress(BrokenSeal):
            found += identity.lookups(identity.open(row.sealed, row.conversation))
    return found


def read_due(connection: Connection, until: int | None) -> list[tuple[bytes, bytes]]:
    """Return (id, due) of the conversations that may expire before `until` (Unix seconds); None: return all."""
    query = select(conversation.c.id, conversation.c.due)
    if until is not None:
        query = query.where(conversation.c.ends_by <= until)
    return [(row.id, row.due) for row in connection.execute(query)]


def lock_unchanged(unit: UnitOfWork, due: Mapping[bytes, bytes]) -> list[ConversationRow]:
    """Lock and read conversations (id → due), except those that a turn has changed or locked."""
    query = select(*_COLUMNS).where(conversation.c.id.in_(sorted(due)))
    rows = unit.main.execute(query.order_by(conversation.c.id).with_for_update(skip_locked=True))
    return [ConversationRow(*row) for row in rows if row.due == due[row.id]]
