"""The sink `desk`: puts delivered tips into the desks' queues."""

import asyncio
from collections.abc import Mapping
from operator import itemgetter

from sqlalchemy import bindparam, func, select, update

from satark.api import DeadLetter, Delivery, DeliveryResult, Done
from satark.casework import ProcessServices, UnitOfWork, band, note_tip_change
from satark_desk.read_state import add_unread
from satark_desk.tables import queue


class DeskSink:
    """Puts tips into the queues of the desks that can open them. Tips that arrive together share one write."""

    name = "desk"

    def __init__(self, context: ProcessServices) -> None:
        self._context = context
        self._arrived: dict[str, int] = {}
        """Tip of the next write → its revision."""
        self._write: asyncio.Task[None]

    async def open(self) -> None:
        """Open nothing: the queues are in the store."""

    async def close(self) -> None:
        """Close nothing."""

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Put a tip into the queue of the desks here. The tip's envelopes tell which desks can open it."""
        if not delivery.document:
            return DeadLetter("there is no such tip")
        if not self._arrived:
            self._write = asyncio.create_task(self._write_arrived())
        self._arrived[delivery.tip] = max(delivery.revision, self._arrived.get(delivery.tip, 0))
        await asyncio.shield(self._write)  # other deliveries share this write
        return Done()

    async def _write_arrived(self) -> None:
        arrived, self._arrived = self._arrived, {}
        await self._context.write(lambda unit: enqueue(unit, arrived))


def enqueue(unit: UnitOfWork, revisions: Mapping[str, int]) -> None:
    """Put tips into the queue.

    A tip that is queued already gets a new time only with a newer revision. `revisions`: tip → revision, in the order
    of arrival.
    """
    first = (unit.main.execute(_NEWEST).scalar() or 0) + 1
    rows = [
        {"tip": tip, "revision": revision, "delivered": band(unit.now), "position": position}
        for position, (tip, revision) in enumerate(revisions.items(), first)
    ]
    for tip in revisions:
        note_tip_change(unit, tip)
    # In one order, so that no two transactions wait for each other.
    rows.sort(key=itemgetter("tip"))
    add_unread(unit, revisions)
    new = unit.insert_new(queue, rows, "tip")
    if known := [{f"its_{name}": value for name, value in row.items()} for row in rows if row["tip"] not in new]:
        unit.main.execute(_RENEW, known)


_NEWEST = select(func.max(queue.c.position))
_RENEW = (
    update(queue)
    .where(queue.c.tip == bindparam("its_tip"), queue.c.revision < bindparam("its_revision"))
    .values({name: bindparam(f"its_{name}") for name in ("revision", "delivered", "position")})
)
