"""Threads of tips: sealed messages between the desks and the tipster, in order. No message is written again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TypeVar

from sqlalchemy import Connection, Engine, func, select

from satark.api.sealing import seal
from satark.api.tip import Message
from satark.store import deliveries, envelopes, tables, tip_changes
from satark.store.unit_of_work import UnitOfWork

T = TypeVar("T")
PADDED = 2048
"""Least size of a padded message in bytes. A desk's message, with its officer's name, and a tipster's have one size."""
BATCH = 500
"""Most values in one `IN (…)`: SQLite accepts 32,766 bound parameters, before version 3.32 only 999."""

Sealed = list[tuple[int, bytes]]
"""A tip's messages as stored: (seq, sealed), in order."""


def post(unit: UnitOfWork, tip: str, message: Message, *recipients: str) -> int:
    """Seal a message and append it to a tip's thread; return its `seq`, 1 for the first."""
    from_tipster = message.sender == "tipster"
    # The tipster is notified only of what a desk wrote to them.
    notified, is_urgent = message.internal or from_tipster, from_tipster and bool(message.flags)
    sealed = seal(message, *recipients, padded=PADDED)
    return append(unit, tip, sealed, notified=notified, from_tipster=from_tipster, is_urgent=is_urgent)


def append(
    unit: UnitOfWork, tip: str, sealed: bytes, *, notified: bool, from_tipster: bool = False, is_urgent: bool = False
) -> int:
    """Append a sealed message to a tip's thread; return its `seq`.

    Remote offices that have the tip get a new revision. If the message is the tipster's, all other external
    destinations get one too. `notified`: False if the tipster must still be notified of the message. `is_urgent`: as
    for `deliveries.add_revision`.
    """
    seq = next_seq(unit, tip)
    news = b"" if notified else news_tag(unit.keys, tip, seq, sealed)
    row = {"tip": tip, "seq": seq, "day": unit.day, "notified": notified, "news": news}
    mark = mark_of(unit.keys, tip, seq, sealed, from_tipster=from_tipster)
    unit.insert(tables.message, [row | {"mark": mark} | envelopes.covered(sealed=sealed)])
    tip_changes.note(unit, tip)
    deliveries.add_revision(unit, tip, offices_only=not from_tipster, is_urgent=is_urgent)
    return seq


def news_tag(keys: Connection, tip: str, seq: int, sealed: bytes) -> bytes:
    """Return the tag of a message that notifies a tipster. Nobody who can only write rows can make it."""
    return envelopes.tag(keys, tip, f"news {seq} {sha256(sealed).hexdigest()}")


def mark_of(keys: Connection | Engine, tip: str, seq: int, sealed: bytes, *, from_tipster: bool = False) -> bytes:
    """Return the mark of a message, which says to the name key alone whether the tipster wrote it."""
    return envelopes.tag(keys, tip, f"{'tipster' if from_tipster else 'desk'} {seq} {sha256(sealed).hexdigest()}")


def next_seq(unit: UnitOfWork, tip: str) -> int:
    """Return the `seq` that the next message of a tip's thread gets in this transaction."""
    lock(unit, tip)
    last = unit.main.execute(select(func.max(tables.message.c.seq)).where(tables.message.c.tip == tip)).scalar()
    return max(last or 0, 0) + 1  # a row before the first that this program did not write moves none of its own


def lock(unit: UnitOfWork, tip: str) -> None:
    """Lock a tip's thread and keys until the commit."""
    # In a statement of its own, so that the next one reads what the transaction that held the lock wrote.
    unit.main.execute(select(tables.tip.c.id).where(tables.tip.c.id == tip).with_for_update())


def new_messages(connection: Connection, known: Mapping[str, int]) -> dict[str, Sealed]:
    """Return the messages of these tips that follow the last known `seq` of each."""
    table = tables.message
    found: dict[str, Sealed] = defaultdict(list)
    for tips in batches(known):
        query = select(table.c.tip, table.c.seq).where(table.c.tip.in_(tips))
        fresh = {tip for tip, seq in connection.execute(query) if seq > known[tip]}
        for batch in batches(fresh):
            rows = select(table.c.tip, table.c.seq, table.c.sealed).where(table.c.tip.in_(batch)).order_by(table.c.seq)
            for tip, seq, sealed in connection.execute(rows):
                if seq > known[tip]:
                    found[tip].append((seq, sealed))
    return found


def batches(values: Iterable[T], most: int = BATCH) -> Iterable[list[T]]:
    """Split values into lists that fit into one `IN (…)`."""
    every = list(values)
    for start in range(0, len(every), most):
        yield every[start : start + most]
