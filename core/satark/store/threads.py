"""A tip's thread: sealed messages in order, each written once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, func, select

from satark.identity.sealing import seal
from satark.store import deliveries, tables
from satark.store.unit_of_work import UnitOfWork
from satark.tip import Message

CHUNK = 500
"""Most values in one `IN (…)`: SQLite takes 32,766 bound parameters, older ones 999."""

Sealed = list[tuple[int, bytes]]
"""A tip's messages as stored: (seq, sealed), in order."""


def post(unit: UnitOfWork, tip: str, message: Message, *recipients: str) -> int:
    """Seal a message and put it at the end of a tip's thread; give its `seq`, 1 for the first."""
    # Only what a desk tells the tipster is news to them.
    quiet = message.internal or message.sender == "tipster"
    tipsters = message.sender == "tipster"
    return append(unit, tip, seal(message, *recipients), announced=quiet, tipsters=tipsters)


def append(unit: UnitOfWork, tip: str, sealed: bytes, *, announced: bool, tipsters: bool = False) -> int:
    """Put a sealed message at the end of a tip's thread; give its `seq`. Offices that have the tip get it anew.

    So does every other destination, if the message is the tipster's.
    """
    # The tip's row is the lock of its thread. It is locked in its own statement, so that the next one reads what the
    # transaction that held it wrote.
    unit.main.execute(select(tables.tip.c.id).where(tables.tip.c.id == tip).with_for_update())
    last = unit.main.execute(select(func.max(tables.message.c.seq)).where(tables.message.c.tip == tip)).scalar()
    seq = (last or 0) + 1
    row = {"tip": tip, "seq": seq, "sealed": sealed, "day": unit.day, "announced": announced}
    unit.insert(tables.message, [row])
    deliveries.renew(unit, tip, offices_only=not tipsters)
    return seq


def new_messages(connection: Connection, known: Mapping[str, int]) -> dict[str, Sealed]:
    """Give the messages of these tips after the `seq` that is known of each already."""
    table = tables.message
    found: dict[str, Sealed] = defaultdict(list)
    for tips in chunks(known):
        query = select(table.c.tip, table.c.seq).where(table.c.tip.in_(tips))
        fresh = {tip for tip, seq in connection.execute(query) if seq > known[tip]}
        for some in chunks(fresh):
            rows = select(table.c.tip, table.c.seq, table.c.sealed).where(table.c.tip.in_(some)).order_by(table.c.seq)
            for tip, seq, sealed in connection.execute(rows):
                if seq > known[tip]:
                    found[tip].append((seq, sealed))
    return found


def chunks(values: Iterable[str]) -> Iterable[list[str]]:
    """Cut values into lists that fit into one `IN (…)`."""
    every = list(values)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
