"""Read state: which officer has seen how much of which tip. Whatever an officer has not seen is shown as new."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, func, select, update

from satark.casework import in_batches
from satark_desk.tables import queue, read_state

if TYPE_CHECKING:
    from satark.casework import TipSummary, UnitOfWork


class ReadState(msgspec.Struct, frozen=True):
    """How much of a tip an officer has seen."""

    revision: int
    last_message: int
    """`seq` of the newest message that was shown."""

    def is_behind(self, summary: TipSummary) -> bool:
        """Return whether the tip has changed, or anybody has written or done anything, since the officer saw it."""
        return summary.header.revision > self.revision or summary.newest > self.last_message


def read_states(connection: Connection, desk: str, officer: str, tips: Iterable[str]) -> dict[str, ReadState]:
    """Return what an officer has seen of these tips, by tip id."""
    query = select(read_state).where(read_state.c.desk == desk, read_state.c.officer == officer)
    found = (connection.execute(query.where(read_state.c.tip.in_(some))) for some in in_batches(tips))
    return {row.tip: ReadState(row.revision, row.last_message) for rows in found for row in rows}


def mark_read(unit: UnitOfWork, desk: str, officer: str, summary: TipSummary) -> None:
    """Record that an officer has seen a tip in its present state."""
    seen = {"revision": summary.header.revision, "last_message": summary.newest, "at": unit.now}
    new = {"desk": desk, "officer": officer, "tip": summary.id, "first": unit.now, **seen}
    if not unit.insert_new(read_state, [new], "tip"):
        mine = (read_state.c.desk == desk) & (read_state.c.officer == officer) & (read_state.c.tip == summary.id)
        unit.main.execute(update(read_state).where(mine).values(seen))


class Seen(msgspec.Struct, frozen=True):
    """What an officer of another desk has seen of a tip."""

    officer: str
    last_message: int
    at: int
    """When the officer last looked at the tip, Unix seconds."""


def seen_by(connection: Connection, desk: str, tip: str) -> list[Seen]:
    """Return what the officers of a desk have seen of a tip. The officer who looked last comes first."""
    query = select(read_state).where(read_state.c.desk == desk, read_state.c.tip == tip)
    rows = connection.execute(query.order_by(read_state.c.at.desc(), read_state.c.officer))
    return [Seen(row.officer, row.last_message, row.at) for row in rows]


def first_looks(connection: Connection, desk: str, tips: Iterable[str]) -> dict[str, int]:
    """Return when an officer of a desk first looked at each of these tips, Unix seconds, by tip id."""
    first = func.min(read_state.c.first)
    query = select(read_state.c.tip, first).where(read_state.c.desk == desk).group_by(read_state.c.tip)
    found = (connection.execute(query.where(read_state.c.tip.in_(some))) for some in in_batches(tips))
    return {tip: moment for rows in found for tip, moment in rows}


class QueueEntry(msgspec.Struct, frozen=True):
    """When a tip, or its newest revision, came to the desks here."""

    band: str = ""
    """The time band."""
    position: int = 0
    """The tip's place in the order of entry."""


def queue_entries(connection: Connection, tips: Iterable[str]) -> dict[str, QueueEntry]:
    """Return when these tips came to the desks here, by tip id."""
    query = select(queue.c.tip, queue.c.delivered, queue.c.position)
    found = (connection.execute(query.where(queue.c.tip.in_(some))) for some in in_batches(tips))
    return {row.tip: QueueEntry(row.delivered, row.position) for rows in found for row in rows}
