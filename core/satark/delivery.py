"""Delivers tips to sinks: each (tip, destination, revision) until it is delivered, or loudly dead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from satark.observability import Happening, log
from satark.pacing import backoff, wait_for
from satark.sink import Dead, DeliveryResult, Done, Retry
from satark.store import deliveries as store
from satark.store.payloads import load
from satark.store.writer import Gathered, StoreDown

if TYPE_CHECKING:
    from satark.observability import Metrics
    from satark.services import Services
    from satark.settings import Core
    from satark.sink import Delivery, Sink
    from satark.store.unit import UnitOfWork
    from satark.store.writer import Writer

PER_SINK = 8
"""Most deliveries under way at once to one sink, so that a slow one holds up no other."""
LONGEST_WAIT = 3600.0
"""Most seconds between two attempts."""
TIME_LIMIT = 120.0
"""Seconds after which an attempt counts as failed."""


class Courier:
    """One process's deliveries."""

    def __init__(
        self,
        *,
        sinks: Sequence[Sink],
        writer: Writer,
        services: Services,
        metrics: Metrics,
        settings: Core,
        happened: Callable[[Happening], None],
    ) -> None:
        self._sinks = {sink.name: sink for sink in sinks}
        self._writer = writer
        self._services = services
        self._metrics = metrics
        self._settings = settings
        self._happened = happened
        self._slots = {name: asyncio.Semaphore(PER_SINK) for name in self._sinks}
        self._done = Gathered(writer, store.done)
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look for deliveries now instead of at the next second: a tip was just taken."""
        self._wake.set()

    async def open(self) -> None:
        """Open the sinks."""
        for sink in self._sinks.values():
            await sink.open()

    async def close(self) -> None:
        """Close the sinks."""
        for sink in self._sinks.values():
            await sink.close()

    async def run(self) -> None:
        """Deliver, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                claimed = await self._claim()
                for id_, delivery in claimed:
                    tasks.create_task(self._deliver(id_, delivery))
                if not claimed:
                    await wait_for(self._wake, seconds=1)

    async def _claim(self) -> list[tuple[bytes, Delivery]]:
        def claim(unit: UnitOfWork) -> list[tuple[bytes, Delivery]]:
            return load(unit, store.claim(unit, self._settings.batch, self._sinks), self._services)

        try:
            return await self._writer.write(claim)
        except StoreDown:
            return []

    async def _deliver(self, id_: bytes, delivery: Delivery) -> None:
        name = delivery.destination.partition(":")[0]
        async with self._slots[name]:
            result = await _attempt(self._sinks[name], delivery)
        self._metrics.deliveries.labels(name, type(result).__name__.lower()).inc()
        if isinstance(result, Retry) and delivery.attempt >= self._settings.delivery_attempts:
            result = Dead(f"given up after {delivery.attempt} attempts: {result.reason}")
        self._settle(id_, delivery, name, result)

    def _settle(self, id_: bytes, delivery: Delivery, sink: str, result: DeliveryResult) -> None:
        match result:
            case Done():
                self._done.add(id_)
                self._happened(Happening("delivery_done", sink))
            case Retry():
                wait = backoff(delivery.attempt, longest=LONGEST_WAIT) if result.after is None else result.after
                self._writer.later(lambda unit: store.later(unit, id_, wait, result.reason))
            case Dead():
                log.error("delivery dead", sink=sink, attempt=delivery.attempt)
                self._writer.later(lambda unit: store.dead(unit, id_, result.reason))
                self._happened(Happening("delivery_dead", sink))


async def _attempt(sink: Sink, delivery: Delivery) -> DeliveryResult:
    try:
        async with asyncio.timeout(TIME_LIMIT):
            return await sink.deliver(delivery)
    except Exception as error:  # noqa: BLE001 - whatever a sink raises, the tip is tried again
        return Retry(type(error).__name__)
