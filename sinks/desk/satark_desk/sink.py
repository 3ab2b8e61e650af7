"""The sink `desk`: a tip's arrival in a desk's queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from satark.sink import Dead, Delivery, DeliveryResult, Done
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
        """Nothing is to be opened: the queues lie in the store."""

    async def close(self) -> None:
        """Nothing is to be closed."""

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Put a tip into its desk's queue, once for each revision; the envelope must be there to open it with."""
        if not delivery.envelope:
            return Dead("the tip was not sealed to this desk")
        await self._context.write(lambda unit: enqueue(unit, delivery.name, delivery.tip, delivery.revision))
        return Done()


def enqueue(unit: UnitOfWork, desk: str, tip: str, revision: int) -> None:
    """Put a tip into a desk's queue; one that is there already moves up only with a newer revision."""
    row = {"desk": desk, "tip": tip, "revision": revision, "arrived": band(unit.now)}
    if not unit.insert_new(queue, [row], "tip"):
        here = (queue.c.desk == desk) & (queue.c.tip == tip)
        older = update(queue).where(here & (queue.c.revision < revision))
        unit.main.execute(older.values(revision=revision, arrived=band(unit.now)))
