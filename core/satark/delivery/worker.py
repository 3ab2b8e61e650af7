"""Delivers tips to sinks: each (tip, destination, revision) until it is delivered, or loudly dead.

A process claims only as much for a destination as it can begin at once, so that a hanging one neither hoards rows nor
holds up another. A destination that is down is left alone but for probes; its deliveries use up no attempts meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from satark.backoff import backoff, keep_running, wait_for
from satark.delivery.breaker import PROBES, CircuitBreaker
from satark.delivery.payload import load
from satark.observability import LifecycleEvent, log
from satark.sink import Dead, DeliveryResult, Done, Retry
from satark.store import breakers
from satark.store import deliveries as store
from satark.store.writer import Gathered, StoreDown

if TYPE_CHECKING:
    from satark.services import Services
    from satark.settings import Core
    from satark.sink import Delivery, Sink
    from satark.store.unit_of_work import UnitOfWork
    from satark.store.writer import Writer
    from satark.telemetry.metrics import Metrics

AT_ONCE = 8
"""Most deliveries under way at once to a destination that has no `[[destination]]`, such as a desk."""
LONGEST_WAIT = 3600.0
"""Most seconds between two attempts."""
TIME_LIMIT = 120.0
"""Seconds after which an attempt counts as failed."""
RENEW_EVERY = 10.0
"""Seconds between two renewals of claims; a third of `store.deliveries.LEASE`."""
LATE = 240
"""Seconds that a delivery may be overdue before its destination counts as down: then no process delivers there."""


class _Taken(NamedTuple):
    deliveries: list[tuple[bytes, Delivery]]
    down: set[str]
    """Destinations that are known to be down."""
    late: list[str]
    """Those found only now, that no process delivers to."""
    now: int


class DeliveryWorker:
    """One process's deliveries."""

    def __init__(
        self,
        *,
        sinks: Sequence[Sink],
        writer: Writer,
        services: Services,
        metrics: Metrics,
        settings: Core,
        emit: Callable[[LifecycleEvent], None],
    ) -> None:
        self._sinks = {sink.name: sink for sink in sinks}
        self._writer = writer
        self._services = services
        self._metrics = metrics
        self._settings = settings
        self._emit = emit
        self._destination_rules = {rule.to: rule for rule in services.destination_rules}
        self._lanes: dict[str, CircuitBreaker] = {}
        self._down: set[str] = set()
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
        for lane in self._lanes.values():
            lane.under_way.clear()  # of a run that broke off
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_running("claims", self._keep_claims))
            while True:
                self._wake.clear()
                claimed = await self._claim()
                for id_, delivery in claimed:
                    tasks.create_task(self._deliver(id_, delivery))
                if not claimed:
                    await wait_for(self._wake, seconds=1)

    async def _claim(self) -> list[tuple[bytes, Delivery]]:
        try:
            taken = await self._writer.write(self._take)
        except StoreDown:
            return []
        self._down = taken.down
        for id_, delivery in taken.deliveries:
            self._lane(delivery.destination).begin(id_, taken.now)
        for name in taken.late:
            self._is_down(name)
        return taken.deliveries

    def _take(self, unit: UnitOfWork) -> _Taken:
        """Claim what can begin now; find destinations that nobody has served for long, too."""
        down = breakers.outages(unit.main).keys()
        rows: list[Any] = []
        late = []
        for name in store.destinations(unit.main):
            if name.partition(":")[0] in self._sinks:
                rows += self._take_for(unit, name, is_down=name in down)
            elif name not in down and self._is_late(unit, name):
                late.append(name)
        return _Taken(load(unit, rows, self._services), set(down), late, unit.now)

    def _take_for(self, unit: UnitOfWork, name: str, *, is_down: bool) -> list[Any]:
        room = self._lane(name).room(unit.now)
        if not room:
            return []
        if not is_down:
            return store.claim(unit, name, room)
        if not breakers.may_probe(unit, name):
            return []
        oldest = store.claim(unit, name, 1)
        return oldest + store.claim(unit, name, min(room, PROBES) - len(oldest), newest=True)

    def _is_late(self, unit: UnitOfWork, name: str) -> bool:
        oldest = store.oldest_due(unit.main, name)
        late = oldest is not None and oldest < unit.now - LATE
        return late and self._open_outage(unit, name, "no process delivers there")

    def _lane(self, destination: str) -> CircuitBreaker:
        if destination not in self._lanes:
            rule = self._destination_rules.get(destination)
            at_once, per_minute = (rule.at_once, rule.per_minute) if rule else (AT_ONCE, 0)
            self._lanes[destination] = CircuitBreaker(at_once=at_once, per_minute=per_minute)
        return self._lanes[destination]

    async def _keep_claims(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            ids = [id_ for lane in self._lanes.values() for id_ in lane.under_way]
            if ids:
                await self._writer.write(lambda unit, ids=ids: store.keep(unit, ids))  # type: ignore[misc]

    async def _deliver(self, id_: bytes, delivery: Delivery) -> None:
        sink = self._sinks[delivery.destination.partition(":")[0]]
        try:
            result = await _attempt(sink, delivery)
        finally:
            self._lane(delivery.destination).end(id_)
        self._metrics.deliveries.labels(sink.name, type(result).__name__.lower()).inc()
        if isinstance(result, Retry) and delivery.attempt >= self._settings.delivery_attempts:
            result = Dead(f"given up after {delivery.attempt} attempts: {result.reason}")
        with suppress(StoreDown):  # the claim runs out, and it is tried again
            await self._settle(id_, delivery, sink.name, result)
        self._wake.set()

    async def _settle(self, id_: bytes, delivery: Delivery, sink: str, result: DeliveryResult) -> None:
        match result:
            case Done():
                self._done.add(id_)
                self._worked(delivery.destination)
                self._emit(LifecycleEvent("delivery_done", sink))
            case Retry():
                wait = backoff(delivery.attempt, longest=LONGEST_WAIT) if result.after is None else result.after
                attempt, reason = delivery.attempt, result.reason
                self._writer.later(lambda unit: store.later(unit, id_, attempt, wait, reason))
                await self._failed(id_, delivery.destination, result)
            case Dead():
                log.error("delivery dead", sink=sink, attempt=delivery.attempt)
                self._writer.later(lambda unit: self._bury(unit, id_, delivery.attempt, result.reason))
                self._emit(LifecycleEvent("delivery_dead", sink))

    def _bury(self, unit: UnitOfWork, id_: bytes, attempt: int, reason: str) -> None:
        if store.dead(unit, id_, attempt, reason):
            self._alarm(unit)

    def _worked(self, destination: str) -> None:
        self._lane(destination).worked()
        if destination in self._down:
            self._down.discard(destination)
            self._writer.later(lambda unit: breakers.end(unit, destination))
            log.info("destination works again", sink=destination.partition(":")[0])
            self._emit(LifecycleEvent("destination_up", destination.partition(":")[0]))

    async def _failed(self, id_: bytes, destination: str, result: Retry) -> None:
        is_down = self._lane(destination).failed(id_, down=result.down)
        if destination in self._down:
            self._writer.later(lambda unit: breakers.go_on(unit, destination, result.reason))
        elif is_down and await self._writer.write(lambda unit: self._open_outage(unit, destination, result.reason)):
            self._is_down(destination)

    def _open_outage(self, unit: UnitOfWork, destination: str, reason: str) -> bool:
        is_new = breakers.begin(unit, destination, reason)
        if is_new:
            self._alarm(unit)
        return is_new

    def _is_down(self, destination: str) -> None:
        log.error("destination down", sink=destination.partition(":")[0])
        self._emit(LifecycleEvent("destination_down", destination.partition(":")[0]))

    def _alarm(self, unit: UnitOfWork) -> None:
        """Tell the operator by another way, in the same transaction: who reads it looks at `satark deliveries list`."""
        store.alarm(unit, self._settings.alarm_to)


async def _attempt(sink: Sink, delivery: Delivery) -> DeliveryResult:
    try:
        async with asyncio.timeout(TIME_LIMIT):
            return await sink.deliver(delivery)
    except Exception as error:  # noqa: BLE001 - whatever a sink raises, the tip is tried again
        return Retry(type(error).__name__, down=isinstance(error, ConnectionError))
