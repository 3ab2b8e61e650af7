"""Deliveries: each tip to each destination, until it is there or loudly dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.api.observability import LifecycleEvent
from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done, Retry
from satark.delivery import payload
from satark.delivery import worker as room
from satark.delivery.worker import DeliveryWorker
from satark.settings.core import Core
from satark.store import deliveries, tables
from satark.store.writer import Writer
from satark.telemetry.metrics import Metrics
from satark_testing.waiting import until
from support.scripted import ScriptedSink, database_down
from support.store import fresh_services


class Yard:
    """A worker, its sink and a store of their own."""

    def __init__(self, folder: Path, *sinks: ScriptedSink, **core: Any) -> None:
        self.services = fresh_services(folder)
        self.sink = ScriptedSink()
        self.writer = Writer(self.services.main, self.services.keys)
        self.events: list[LifecycleEvent] = []
        self.metrics = Metrics()
        self.worker = DeliveryWorker(
            sinks=[self.sink, *sinks],
            writer=self.writer,
            services=self.services,
            metrics=self.metrics,
            settings=Core(**core),
            emit=self.events.append,
        )

    def queue(self, tip: str, destination: str = "script:sp", revision: int = 1) -> None:
        """Leave a tip and its delivery as the registry does."""
        row = {"tip": tip, "destination": destination, "revision": revision, "id": f"{tip}{destination}".encode()[:16]}
        row |= {"state": "due", "attempts": 0, "due_at": 0, "reason": ""}
        self.services.write_now(lambda unit: unit.insert(tables.delivery, [row]))

    @property
    def rows(self) -> list[Any]:
        return list(self.services.read(lambda c: c.execute(select(tables.delivery)).all()))

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.rows]

    def due_now(self) -> None:
        """Let the time of everything that waits come."""
        due = update(tables.delivery).values(due_at=0)
        self.services.write_now(lambda unit: unit.main.execute(due))
        self.worker.wake()


@asynccontextmanager
async def working(folder: Path, *sinks: ScriptedSink, **core: Any) -> AsyncIterator[Yard]:
    yard = Yard(folder, *sinks, **core)
    yard.writer.start()
    await yard.worker.open()
    task = asyncio.create_task(yard.worker.run())
    try:
        yield yard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await yard.worker.close()
        await yard.writer.stop()
        yard.services.close()


async def test_a_tip_is_delivered_once_and_told(tmp_path: Path) -> None:
    async with working(tmp_path) as yard:
        yard.queue("t1")
        yard.worker.wake()
        await until(lambda: yard.states == ["done"])
        yard.due_now()
        await asyncio.sleep(0.05)
    assert [one.tip for one in yard.sink.delivered] == ["t1"]
    assert yard.sink.delivered[0].name == "sp"
    assert yard.events == [LifecycleEvent("delivery_done", "script")]
    assert (yard.sink.opened, yard.sink.closed) == (1, 1)


async def test_tips_that_come_soon_after_each_other_are_claimed_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "GATHER", 0.3)
    claimed: list[int] = []

    def load(unit: Any, rows: Sequence[Any], services: Any) -> Any:
        claimed.append(len(rows))
        return payload.load(unit, rows, services)

    monkeypatch.setattr(room, "load", load)
    async with working(tmp_path) as yard:
        for number in range(4):
            yard.queue(f"t{number}")
            yard.worker.wake()
            await until(lambda: claimed)
            for _ in range(4):  # time in which each would be claimed by itself
                await yard.writer.write(lambda _: None)
        await until(lambda: yard.states == ["done"] * 4)
    assert [count for count in claimed if count] == [1, 3]


async def test_a_tip_waits_for_no_others_where_its_destination_has_no_place_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "GATHER", 3600)
    monkeypatch.setattr(room, "AT_ONCE", 1)
    async with working(tmp_path) as yard:
        for number in range(3):
            yard.queue(f"t{number}")
        yard.worker.wake()
        await until(lambda: yard.states == ["done"] * 3)


async def test_it_looks_by_itself_every_second(tmp_path: Path) -> None:
    async with working(tmp_path) as yard:
        await asyncio.sleep(0.02)
        yard.queue("t1")
        await until(lambda: yard.states == ["done"])


@pytest.mark.parametrize("failure", [Retry("the office is shut"), OSError("planted"), ValueError("planted")])
async def test_what_failed_is_tried_again_under_the_same_key(tmp_path: Path, failure: Any) -> None:
    async with working(tmp_path) as yard:
        yard.sink.outcomes += [failure]
        yard.queue("t1")
        yard.worker.wake()
        await until(lambda: any(row.reason for row in yard.rows))
        assert "planted" not in yard.rows[0].reason
        yard.due_now()
        await until(lambda: yard.states == ["done"])
    assert [one.attempt for one in yard.sink.delivered] == [1, 2]
    assert len({one.idempotency_key for one in yard.sink.delivered}) == 1


async def test_a_sink_may_say_when_to_come_again(tmp_path: Path) -> None:
    async with working(tmp_path) as yard:
        yard.sink.outcomes += [Retry("soon", after=0)]
        yard.queue("t1")
        yard.worker.wake()
        await until(lambda: yard.states == ["done"])
    assert [one.attempt for one in yard.sink.delivered] == [1, 2]


async def test_after_so_many_attempts_it_is_dead_and_can_be_revived(tmp_path: Path) -> None:
    async with working(tmp_path, delivery_attempts=2) as yard:
        yard.sink.outcomes += [Retry("shut", after=0)] * 2
        yard.queue("t1")
        yard.worker.wake()
        await until(lambda: yard.states == ["dead_letter"])
        assert yard.rows[0].reason == "given up after 2 attempts: shut"
        assert yard.events == [LifecycleEvent("delivery_dead_lettered", "script")]
        listed = yard.services.read(lambda c: deliveries.list_deliveries(c, ["dead_letter"]))
        assert [(one["destination"], one["attempts"]) for one in listed] == [("script:sp", 2)]
        assert yard.services.write_now(lambda unit: deliveries.retry(unit, b"another")) == 0
        assert yard.services.write_now(lambda unit: deliveries.retry(unit, listed[0]["id"])) == 1
        yard.worker.wake()
        await until(lambda: yard.states == ["done"])


async def test_a_sink_may_give_up_at_once(tmp_path: Path) -> None:
    async with working(tmp_path) as yard:
        yard.sink.outcomes += [DeadLetter("no such office")]
        yard.queue("t1")
        yard.worker.wake()
        await until(lambda: yard.states == ["dead_letter"])
        assert yard.rows[0].reason == "no such office"
        assert yard.services.write_now(deliveries.retry) == 1
    assert b'satark_deliveries_total{result="dead_letter",sink="script"} 1.0' in yard.metrics.render()


async def test_a_sink_that_hangs_counts_as_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(ScriptedSink):
        async def deliver(self, delivery: Delivery) -> DeliveryResult:
            await asyncio.Event().wait()
            return Done()

    monkeypatch.setattr(room, "TIME_LIMIT", 0.01)
    async with working(tmp_path, Hanging("hanging")) as yard:
        yard.queue("t1", "hanging:sp")
        yard.worker.wake()
        await until(lambda: any(row.reason for row in yard.rows))
        assert (yard.rows[0].state, yard.rows[0].reason) == ("due", "TimeoutError")


async def test_a_slow_sink_holds_up_no_other(tmp_path: Path) -> None:
    gate = asyncio.Event()

    class Slow(ScriptedSink):
        async def deliver(self, delivery: Delivery) -> DeliveryResult:
            await gate.wait()
            return await super().deliver(delivery)

    slow = Slow("slow")
    async with working(tmp_path, slow) as yard:
        for n in range(2 * room.AT_ONCE):
            yard.queue(f"s{n}", "slow:sp")
        yard.queue("t1")
        yard.worker.wake()
        await until(lambda: yard.sink.delivered)
        assert not slow.delivered
        gate.set()
        await until(lambda: set(yard.states) == {"done"})


async def test_deliveries_of_a_sink_that_is_not_here_wait_and_hold_up_none(tmp_path: Path) -> None:
    async with working(tmp_path, batch=3) as yard:
        for n in range(5):
            yard.queue(f"x{n}", "elsewhere:sp")
        yard.queue("t1")
        yard.worker.wake()
        await until(lambda: yard.sink.delivered)
        await until(lambda: "done" in yard.states)
        waiting = [row for row in yard.rows if row.state == "due"]
        assert [row.attempts for row in waiting] == [0] * 5


async def test_a_claimed_delivery_is_left_alone_until_its_lease_is_over(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.queue("t1")

    def claim() -> Sequence[Any]:
        return yard.services.write_now(
            lambda unit: payload.load(unit, deliveries.claim(unit, "script:sp", 10), yard.services)
        )

    assert [delivery.attempt for _, delivery in claim()] == [1]
    assert claim() == []
    yard.due_now()
    assert [delivery.attempt for _, delivery in claim()] == [2]
    yard.services.close()


async def test_a_database_that_is_down_is_asked_again(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.writer.start()
    yard.queue("t1")
    with database_down(yard.services):
        assert await yard.worker._claim() == []
    assert len(await yard.worker._claim()) == 1
    await yard.writer.stop()
    yard.services.close()
