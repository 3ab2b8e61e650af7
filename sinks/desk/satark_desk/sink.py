"""The sink `desk`: a tip's arrival in a desk's queue."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from satark.casework import NoSuchDesk
from satark.casework.desks import find_desk
from satark.coarse import band
from satark.sink import Dead, Delivery, DeliveryResult, Done
from satark.store import tables
from satark_desk.tables import queue

if TYPE_CHECKING:
    from satark.services import Services
    from satark.store.unit import UnitOfWork


class DeskSink:
    """Puts tips into the queues of the desks that can open them."""

    name = "desk"

    def __init__(self, services: Services) -> None:
        self._services = services

    async def open(self) -> None:
        """Nothing is to be opened: the queues lie in the store."""

    async def close(self) -> None:
        """Nothing is to be closed."""

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Put a tip into its desk's queue, once for each revision; the envelope must be there to open it with."""
        problem = await asyncio.to_thread(self._problem, delivery)
        if problem:
            return Dead(problem)
        await self._services.write(lambda unit: _enqueue(unit, delivery))
        return Done()

    def _problem(self, delivery: Delivery) -> str:
        try:
            self._services.read(lambda c: find_desk(c, delivery.name))
        except NoSuchDesk:
            return "there is no such desk"
        if not self._services.read_keys(lambda c: _has_envelope(c, delivery)):
            return "the tip was not sealed to this desk"
        return ""


def _has_envelope(connection: Connection, delivery: Delivery) -> bool:
    table = tables.envelope
    query = select(table.c.tip).where(table.c.tip == delivery.tip, table.c.desk == delivery.name)
    return connection.execute(query).first() is not None


def _enqueue(unit: UnitOfWork, delivery: Delivery) -> None:
    row = {"desk": delivery.name, "tip": delivery.tip, "revision": delivery.revision, "arrived": band(unit.now)}
    if not unit.insert_new(queue, [row], "tip"):
        here = (queue.c.desk == delivery.name) & (queue.c.tip == delivery.tip)
        older = update(queue).where(here & (queue.c.revision < delivery.revision))
        unit.main.execute(older.values(revision=delivery.revision, arrived=band(unit.now)))
