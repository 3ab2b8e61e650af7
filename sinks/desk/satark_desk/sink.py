"""The sink `desk`: puts delivered tips into the desks' queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from satark.database import note_tip_change
from satark.sink import DeadLetter, Delivery, DeliveryResult, Done
from satark.time_buckets import band
from satark_desk.tables import queue

if TYPE_CHECKING:
    from satark.database import UnitOfWork
    from satark.services import WorkerContext


class DeskSink:
    """Puts tips into the queues of the desks that can open them."""

    name = "desk"

    def __init__(self, context: WorkerContext) -> None:
        self._context = context

    async def open(self) -> None:
        """Open nothing: the queues are in the store."""

    async def close(self) -> None:
        """Close nothing."""

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Put a tip into the queue of the desks here. Its envelopes alone tell which of them can open it."""
        if not delivery.document:
            return DeadLetter("there is no such tip")
        await self._context.write(lambda unit: enqueue(unit, delivery.name, delivery.tip, delivery.revision))
        return Done()


def enqueue(unit: UnitOfWork, _desk: str, tip: str, revision: int) -> None:
    """Put a tip into the queue. A tip that is there already gets a new time only with a newer revision."""
    last = unit.main.execute(select(func.max(queue.c.position))).scalar() or 0
    row = {"tip": tip, "revision": revision, "delivered": band(unit.now), "position": last + 1}
    note_tip_change(unit, tip)
    if not unit.insert_new(queue, [row], "tip"):
        older = update(queue).where((queue.c.tip == tip) & (queue.c.revision < revision))
        unit.main.execute(older.values(revision=revision, delivered=band(unit.now), position=last + 1))
