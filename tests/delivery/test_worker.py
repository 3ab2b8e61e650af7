"""Deliveries: each tip goes to each destination until it is delivered or a dead letter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.api.observability import LifecycleEvent
from satark.api.routing import HERE
from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done, Retry
from satark.delivery import worker as worker_module
from satark.delivery.worker import DeliveryWorker, load_deliveries
from satark.services import Services
from satark.settings.core import Core
from satark.store import deliveries, envelopes, tables, threads
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import Writer
from satark.telemetry.metrics import Metrics
from satark_testing.waiting import until
from support.desks import SeededDesk
from support.scripted import ScriptedSink, database_down
from support.store import fresh_services
from support.tips import SeededTip, claim_delivery, seed_file, seed_file_state, seed_tip

pytestmark = pytest.mark.slow("a worker at work")


class DeliveryFixture:
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
        """Store a delivery as a submission does."""
        id_ = f"{tip}{destination}".encode()[:16]
        row = deliveries.new_row(self.services.keys, tip, destination, 0, revision=revision, id_=id_)
        self.services.write_now(lambda unit: unit.insert(tables.delivery, [row]))

    @property
    def rows(self) -> list[Any]:
        return list(self.services.read(lambda c: c.execute(select(tables.delivery)).all()))

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.rows]

    def due_now(self) -> None:
        """Make every waiting delivery due."""
        due = update(tables.delivery).values(due_at=0)
        self.services.write_now(lambda unit: unit.main.execute(due))
        self.worker.wake()


@asynccontextmanager
async def working(folder: Path, *sinks: ScriptedSink, **core: Any) -> AsyncIterator[DeliveryFixture]:
    fixture = DeliveryFixture(folder, *sinks, **core)
    fixture.writer.start()
    await fixture.worker.open()
    task = asyncio.create_task(fixture.worker.run())
    try:
        yield fixture
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await fixture.worker.close()
        await fixture.writer.stop()
        fixture.services.close()


async def test_a_tip_is_delivered_once_and_reported(tmp_path: Path) -> None:
    async with working(tmp_path) as fixture:
        fixture.queue("t1")
        fixture.worker.wake()
        await until(lambda: fixture.states == ["done"])
        fixture.due_now()
        await asyncio.sleep(0.05)
    assert [one.tip for one in fixture.sink.delivered] == ["t1"]
    assert fixture.sink.delivered[0].name == "sp"
    assert fixture.events == [LifecycleEvent("delivery_done", "script")]
    assert (fixture.sink.opened, fixture.sink.closed) == (1, 1)


async def test_tips_that_come_in_short_succession_are_claimed_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "GATHER", 0.3)
    claimed: list[int] = []

    def load(unit: Any, rows: Sequence[Any], services: Any) -> Any:
        claimed.append(len(rows))
        return load_deliveries(unit, rows, services)

    monkeypatch.setattr(worker_module, "load_deliveries", load)
    async with working(tmp_path) as fixture:
        for number in range(4):
            fixture.queue(f"t{number}")
            fixture.worker.wake()
            await until(lambda: claimed)
            for _ in range(4):  # time in which each would be claimed by itself
                await fixture.writer.write(lambda _: None)
        await until(lambda: fixture.states == ["done"] * 4)
    assert [count for count in claimed if count] == [1, 3]


async def test_a_tip_is_claimed_at_once_if_its_destination_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "GATHER", 3600)
    monkeypatch.setattr(worker_module, "AT_ONCE", 1)
    async with working(tmp_path) as fixture:
        for number in range(3):
            fixture.queue(f"t{number}")
        fixture.worker.wake()
        await until(lambda: fixture.states == ["done"] * 3)


async def test_the_worker_looks_for_deliveries_every_second(tmp_path: Path) -> None:
    async with working(tmp_path) as fixture:
        await asyncio.sleep(0.02)
        fixture.queue("t1")
        await until(lambda: fixture.states == ["done"])


@pytest.mark.parametrize("failure", [Retry("the office is shut"), OSError("planted"), ValueError("planted")])
async def test_a_failed_delivery_is_tried_again_under_the_same_key(tmp_path: Path, failure: Any) -> None:
    async with working(tmp_path) as fixture:
        fixture.sink.outcomes += [failure]
        fixture.queue("t1")
        fixture.worker.wake()
        await until(lambda: any(row.reason for row in fixture.rows))
        assert "planted" not in fixture.rows[0].reason
        fixture.due_now()
        await until(lambda: fixture.states == ["done"])
    assert [one.attempt for one in fixture.sink.delivered] == [1, 2]
    assert len({one.idempotency_key for one in fixture.sink.delivered}) == 1


async def test_a_sink_may_decide_when_to_try_again(tmp_path: Path) -> None:
    async with working(tmp_path) as fixture:
        fixture.sink.outcomes += [Retry("soon", after=0)]
        fixture.queue("t1")
        fixture.worker.wake()
        await until(lambda: fixture.states == ["done"])
    assert [one.attempt for one in fixture.sink.delivered] == [1, 2]


async def test_after_the_last_attempt_a_delivery_is_a_dead_letter_that_can_be_retried(tmp_path: Path) -> None:
    async with working(tmp_path, delivery_attempts=2) as fixture:
        fixture.sink.outcomes += [Retry("shut", after=0)] * 2
        fixture.queue("t1")
        fixture.worker.wake()
        await until(lambda: fixture.states == ["dead_letter"])
        assert fixture.rows[0].reason == "given up after 2 attempts: shut"
        assert fixture.events == [LifecycleEvent("delivery_dead_lettered", "script")]
        listed = fixture.services.read(lambda c: deliveries.list_deliveries(c, ["dead_letter"]))
        assert [(one["destination"], one["attempts"]) for one in listed] == [("script:sp", 2)]
        assert fixture.services.write_now(lambda unit: deliveries.retry(unit, b"another")) == 0
        assert fixture.services.write_now(lambda unit: deliveries.retry(unit, listed[0]["id"])) == 1
        fixture.worker.wake()
        await until(lambda: fixture.states == ["done"])


async def test_a_sink_may_give_up_at_once(tmp_path: Path) -> None:
    async with working(tmp_path) as fixture:
        fixture.sink.outcomes += [DeadLetter("no such office")]
        fixture.queue("t1")
        fixture.worker.wake()
        await until(lambda: fixture.states == ["dead_letter"])
        assert fixture.rows[0].reason == "no such office"
        assert fixture.services.write_now(deliveries.retry) == 1
    assert b'satark_deliveries_total{result="dead_letter",sink="script"} 1.0' in fixture.metrics.render()


async def test_a_sink_that_hangs_counts_as_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(ScriptedSink):
        async def deliver(self, delivery: Delivery) -> DeliveryResult:
            await asyncio.Event().wait()
            return Done()

    monkeypatch.setattr(worker_module, "TIME_LIMIT", 0.01)
    async with working(tmp_path, Hanging("hanging")) as fixture:
        fixture.queue("t1", "hanging:sp")
        fixture.worker.wake()
        await until(lambda: any(row.reason for row in fixture.rows))
        assert (fixture.rows[0].state, fixture.rows[0].reason) == ("due", "TimeoutError")


async def test_a_slow_sink_delays_no_other(tmp_path: Path) -> None:
    gate = asyncio.Event()

    class Slow(ScriptedSink):
        async def deliver(self, delivery: Delivery) -> DeliveryResult:
            await gate.wait()
            return await super().deliver(delivery)

    slow = Slow("slow")
    async with working(tmp_path, slow) as fixture:
        for n in range(2 * worker_module.AT_ONCE):
            fixture.queue(f"s{n}", "slow:sp")
        fixture.queue("t1")
        fixture.worker.wake()
        await until(lambda: fixture.sink.delivered)
        assert not slow.delivered
        gate.set()
        await until(lambda: set(fixture.states) == {"done"})


async def test_deliveries_of_a_sink_that_is_not_loaded_wait_and_delay_none(tmp_path: Path) -> None:
    async with working(tmp_path, batch=3) as fixture:
        for n in range(5):
            fixture.queue(f"x{n}", "elsewhere:sp")
        fixture.queue("t1")
        fixture.worker.wake()
        await until(lambda: fixture.sink.delivered)
        await until(lambda: "done" in fixture.states)
        waiting = [row for row in fixture.rows if row.state == "due"]
        assert [row.attempts for row in waiting] == [0] * 5


async def test_a_claimed_delivery_is_not_touched_until_its_lease_is_over(tmp_path: Path) -> None:
    fixture = DeliveryFixture(tmp_path)
    fixture.queue("t1")

    def claim() -> Sequence[Any]:
        return fixture.services.write_now(
            lambda unit: load_deliveries(unit, deliveries.claim(unit, "script:sp", 10), fixture.services)
        )

    assert [delivery.attempt for _, delivery in claim()] == [1]
    assert claim() == []
    fixture.due_now()
    assert [delivery.attempt for _, delivery in claim()] == [2]
    fixture.services.close()


async def test_the_delivery_worker_tries_again_while_the_database_is_down(tmp_path: Path) -> None:
    fixture = DeliveryFixture(tmp_path)
    fixture.writer.start()
    fixture.queue("t1")
    with database_down(fixture.services):
        assert await fixture.worker._claim() == ([], False)
    claimed, _ = await fixture.worker._claim()
    assert len(claimed) == 1
    await fixture.writer.stop()
    fixture.services.close()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


@pytest.fixture
def tip(services: Services) -> SeededTip:
    return seed_tip(services, [SeededDesk(services, name).desk for name in ("sp", "dig")])


def delivery_of(services: Services, tip: SeededTip, to: str) -> Delivery:
    services.write_now(lambda unit: unit.insert(tables.delivery, [deliveries.new_row(unit.keys, tip.id, to, 0)]))
    return claim_delivery(services, to)


def envelope_of(services: Services, tip: SeededTip, holder: str) -> bytes:
    found = services.write_now(lambda unit: envelopes.find_many(unit.keys, {(tip.id, holder)}))
    return found[tip.id, holder]


def test_a_delivery_holds_the_document_and_only_the_envelope_of_its_desk(services: Services, tip: SeededTip) -> None:
    sent = delivery_of(services, tip, "script:dig")
    assert (sent.tip, sent.destination, sent.desk, sent.revision, sent.attempt) == (tip.id, "script:dig", "dig", 1, 1)
    assert sent.document
    assert sent.envelope == envelope_of(services, tip, "dig") != envelope_of(services, tip, "sp")


def test_every_attempt_at_a_delivery_has_the_same_key(services: Services, tip: SeededTip) -> None:
    first = delivery_of(services, tip, "script:dig")
    services.write_now(lambda unit: unit.main.execute(update(tables.delivery).values(due_at=0)))
    again = claim_delivery(services, "script:dig")
    assert (again.idempotency_key, again.attempt) == (first.idempotency_key, 2)


def test_a_delivery_holds_the_existing_copies_of_files_in_the_order_in_which_they_were_sent(
    services: Services, tip: SeededTip
) -> None:
    seed_file(services, tip, "10", b"original")
    seed_file(services, tip, "9", b"original", b"clean", muted=b"muted")
    seed_file_state(services, tip, "11", "due")
    files = map(worker_module._without_missing_copies, delivery_of(services, tip, "script:dig").files)
    found = [(one.ordinal, one.state, *map(bool, (one.original, one.clean, one.muted))) for one in files]
    assert found == [
        ("9", "sealed", True, True, True),
        ("10", "sealed", True, False, False),
        ("11", "due", False, False, False),
    ]


def test_a_desk_of_this_host_gets_only_the_document(
    services: Services, tip: SeededTip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelopes, "find_many", lambda *_: pytest.fail("each desk reads its own"))
    services.write_now(lambda unit: threads.append(unit, tip.id, b"words", notified=True))
    sent = delivery_of(services, tip, HERE)
    assert sent.document
    assert (sent.envelope, sent.files, sent.messages) == (b"", (), ())


def test_a_thread_comes_in_order(services: Services, tip: SeededTip) -> None:
    def write(unit: UnitOfWork) -> None:
        for words in (b"first", b"second"):
            threads.append(unit, tip.id, words, notified=True)

    services.write_now(write)
    sent = delivery_of(services, tip, "script:dig")
    assert [(one.seq, one.sealed) for one in sent.messages] == [(1, b"first"), (2, b"second")]
