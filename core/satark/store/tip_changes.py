"""The order in which tips changed, so that a desk reads only changed tips again.

A row names a tip whose messages, files or keys changed. After an erasure it names no tip. The rows tell only the order
of the changes; the order in which the databases store their rows tells that anyway.
"""

# ruff: noqa: S608 - what is put into the statements is a constant, and values are always parameters

from typing import Final

import msgspec
from sqlalchemy import BigInteger, Connection, delete, func, literal_column, select

from satark.store import bulk
from satark.store.tables import tip, tip_change
from satark.store.unit_of_work import UnitOfWork

ERASED: Final = ""
"""The value in a row after an erasure, since no row may name an erased tip."""
KEPT: Final = 10_000
"""Number of newest rows that are kept. A desk that is further behind reads all tips again."""
_NEXT: Final = {
    "sqlite": "(SELECT coalesce(max(position), 0) + 1 FROM tip_change)",
    "postgresql": "pg_current_xact_id()::text::bigint",
}
"""The position of the changes of the present transaction."""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    mark: int
    """The mark from which the next look begins."""
    tips: frozenset[str] = frozenset()
    erased: bool = False
    everything: bool = False
    """Whether too much changed, so that all tips must be read again."""


def note(unit: UnitOfWork, changed: str) -> None:
    """Add a row for a tip that changed. A draft is no tip yet and gets no row."""
    if not unit.changed_tips:
        unit.run_last(lambda: _write(unit))
    unit.changed_tips.add(changed)


def note_erasure(unit: UnitOfWork, erased: str) -> None:
    """Add a row for an erasure, and delete the rows that name the erased tip."""
    # The position comes first: the newest change may be one of this tip's, and positions never go back.
    ((position,),) = bulk.run(unit.main, f"SELECT {_NEXT[unit.main.dialect.name]}", ())
    unit.main.execute(delete(tip_change).where(tip_change.c.tip == erased))
    unit.insert_new(tip_change, [{"position": position, "tip": ERASED}], "tip")


def mark(connection: Connection) -> int:
    """Return the mark after the last change in this connection's snapshot."""
    if connection.dialect.name == "postgresql":
        # Transactions commit in another order than they begin in: all that are still open may come yet.
        oldest = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint", BigInteger)
        return int(connection.execute(select(oldest)).scalar_one())
    return int(connection.execute(select(func.coalesce(func.max(tip_change.c.position), 0) + 1)).scalar_one())


def since(connection: Connection, seen: int) -> Changes:
    """Return the changes since a mark. Some of them may have been returned before."""
    query = select(tip_change.c.tip).where(tip_change.c.position >= seen).limit(KEPT)
    names = connection.execute(query).scalars().all()
    found = frozenset(names) - {ERASED}
    return Changes(mark=mark(connection), tips=found, erased=ERASED in names, everything=len(names) >= KEPT)


def prune(unit: UnitOfWork) -> None:
    """Delete all rows but the newest `KEPT`."""
    oldest = select(tip_change.c.position).order_by(tip_change.c.position.desc()).offset(KEPT - 1).limit(1)
    unit.main.execute(delete(tip_change).where(tip_change.c.position < oldest.scalar_subquery()))


def _write(unit: UnitOfWork) -> None:
    # Only what is a tip: files of a draft change too, and a draft may yet be forgotten.
    head = f"INSERT INTO tip_change (position, tip) SELECT {_NEXT[unit.main.dialect.name]}, id FROM tip WHERE id "
    for condition, values in bulk.among(unit.main, tip.c.id, sorted(unit.changed_tips)):
        bulk.run(unit.main, head + condition, values)
