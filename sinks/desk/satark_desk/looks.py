"""Which officer has seen which tip, and how much of it: what is new is what they have not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select, update

from satark_desk.tables import look, queue

if TYPE_CHECKING:
    from satark.database import UnitOfWork
    from satark.officer import Summary


class Look(msgspec.Struct, frozen=True):
    """How much of a tip an officer has seen."""

    revision: int
    heard: int
    """`seq` of the tipster's newest message that was shown."""

    def misses(self, line: Summary) -> bool:
        """Whether the tip has changed since, or the tipster has written."""
        return line.header.revision > self.revision or line.heard > self.heard


def looks_of(connection: Connection, desk: str, officer: str) -> dict[str, Look]:
    """What an officer has seen, by tip id."""
    query = select(look).where(look.c.desk == desk, look.c.officer == officer)
    return {row.tip: Look(row.revision, row.heard) for row in connection.execute(query)}


def remember(unit: UnitOfWork, desk: str, officer: str, line: Summary) -> None:
    """Write down that an officer has now seen a tip as it is."""
    seen = {"revision": line.header.revision, "heard": line.heard}
    if not unit.insert_new(look, [{"desk": desk, "officer": officer, "tip": line.id, **seen}], "tip"):
        mine = (look.c.desk == desk) & (look.c.officer == officer) & (look.c.tip == line.id)
        unit.main.execute(update(look).where(mine).values(seen))


def arrivals(connection: Connection, desk: str) -> dict[str, str]:
    """When each tip was delivered to a desk, coarsely, by tip id."""
    query = select(queue.c.tip, queue.c.arrived).where(queue.c.desk == desk)
    return {row.tip: row.arrived for row in connection.execute(query)}
