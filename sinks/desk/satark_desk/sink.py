"""The sink `desk`: puts delivered tips into the desks' queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

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
        """Put a tip into its desk's queue. Without an envelope the desk can't open it: a dead letter."""
        if not delivery.envelope:
            return DeadLetter("the tip was not sealed to this desk")
        await self._context.write(lambda unit: enqueue(unit, delivery.name, delivery.tip, delivery.revision))
        return Done()


def enqueue(unit: UnitOfWork, desk: str, tip: str, revision: int) -> None:
    """Put a tip into a desk's queue. A tip that is there already gets a new time only with a newer revision."""
    row = {"desk": desk, "tip": tip, "revision": revision, "delivered": band(unit.now)}
    if not unit.insert_new(queue, [row], "tip"):
        here = (queue.c.desk == desk) & (queue.c.tip == tip)
        older = update(queue).where(here & (queue.c.revision < revision))
        unit.main.execute(older.values(revision=revision, delivered=band(unit.now)))
