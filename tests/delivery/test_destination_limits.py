"""Destinations that are down, tips that always fail, ordered revisions, many workers, on a clock that the test sets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text, update

from satark.api.observability import LifecycleEvent
from satark.api.routing import DestinationRule
from satark.api.sink import Delivery, DeliveryResult, Done, Retry
from satark.delivery import worker as room
from satark.delivery.destination_limits import DOWN_RESULTS, FAILED_TIPS
from satark.delivery.worker import DeliveryWorker
from satark.services import Services
from satark.settings.core import Core
from satark.store import breakers, deliveries, envelopes, tables
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import Writer
from satark.telemetry.metrics import Metrics
from satark_testing.waiting import until
from support.scripted import ScriptedSink
from support.store import fresh_services

pytestmark = pytest.mark.slow("waits and retries")

START = 1_800_000_000
DOWN = Retry("connection refused", down=True)


class Clock:
    """The store's clock."""

    def __init__(self) -> None:
        self.now = START

    def time(self) -> float:
        return self.now


class Post(ScriptedSink):
    """A sink whose answers the test decides."""

    def __init__(self, answer: Callable[[Delivery], DeliveryResult] = lambda _: Done(), name: str = "post") -> None:
        super().__init__(name)
        self.answer = answer
        self.done: list[str] = []

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        self.delivered.append(delivery)
        result = self.answer(delivery)
        if isinstance(result, Done):
            self.done.append(delivery.tip)
        return result


class Worker:
    """One process's worker on a shared store."""

    def __init__(self, services: Services, sinks: list[Any], **core: Any) -> None:
        self.services = services
        self.writer = Writer(services.main, services.keys)
        self.events: list[LifecycleEvent] = []
        self.worker = DeliveryWorker(
            sinks=sinks,
            writer=self.writer,
            services=services,
            metrics=Metrics(),
            settings=Core(**core),
            emit=self.events.append,
        )

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.events]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("satark.store.unit_of_work.time", SimpleNamespace(time=clock.time))
    return clock


@pytest.fixture
def services(tmp_path: Path) -> Any:
    services = fresh_services(tmp_path)
    yield services
    services.close()


@asynccontextmanager
async def working(services: Services, *sinks: Any, **core: Any) -> AsyncIterator[Worker]:
    worker = Worker(services, list(sinks), **core)
    worker.writer.start()
    task = asyncio.create_task(worker.worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await worker.writer.stop()


def queue(services: Services, *tips: str, to: str = "post:a", due_at: int = START, desk: str = "") -> None:
    """Queue deliveries. `desk`: a desk that has the tips."""
    rows = [deliveries.new_row(services.keys, tip, to, due_at) for tip in tips]

    def write(unit: UnitOfWork) -> None:
        unit.insert(tables.delivery, rows)
        unit.upsert(tables.envelope, [envelopes.row(unit.keys, tip, desk, b"an envelope") for tip in tips if desk])

    services.write_now(write)


def rows(services: Services) -> list[Any]:
    query = select(tables.delivery).order_by(tables.delivery.c.tip, tables.delivery.c.revision)
    return list(services.read(lambda c: c.execute(query).all()))


def states(services: Services) -> list[str]:
    return [row.state for row in rows(services)]


async def rest(worker: Worker) -> None:
    """Let the worker look, and finish the deliveries that it found."""
    worker.worker.wake()
    for _ in range(3):
        await asyncio.sleep(0.01)
        await worker.writer.write(lambda _unit: None)
    await until(lambda: not any(breaker.under_way for breaker in worker.worker._breakers.values()))
    await worker.writer.write(lambda _unit: None)


async def test_a_destination_that_is_down_for_a_day_recovers_by_itself(services: Services, clock: Clock) -> None:
    is_up = False
    post = Post(lambda _: Done() if is_up else DOWN)
    tips = [f"t{n:02}" for n in range(30)]
    async with working(services, post) as worker:
        queue(services, *tips)
        for _ in range(24 * 4):
            await rest(worker)
            clock.now += 900
        assert worker.kinds.count("destination_down") == 1
        (fault,) = services.read(breakers.read_open_breakers).values()
        assert (fault.destination, fault.reason) == ("post:a", "connection refused")
        assert fault.since - START <= 900
        assert (
            max(row.attempts for row in rows(services) if row.destination == "post:a") <= Core().delivery_attempts / 2
        )
        tried = len(post.delivered)
        assert tried < 24 * 4 * 2 + room.AT_ONCE * 3
        is_up = True
        for _ in range(40):
            await rest(worker)
            clock.now += 300
        # A leap of the clock may outrun a claim: then a tip comes again, under the same key.
        assert sorted(set(post.done)) == tips
        assert services.read(breakers.read_open_breakers) == {}
    assert worker.kinds.count("destination_up") == 1


async def test_a_tip_that_always_fails_delays_no_other(services: Services, clock: Clock) -> None:
    post = Post(lambda delivery: Retry("the receiver chokes") if delivery.tip == "failing" else Done())
    async with working(services, post, delivery_attempts=12) as worker:
        queue(services, "failing")
        for n in range(30):
            queue(services, f"t{n:02}", due_at=clock.now)
            await rest(worker)
            assert post.done[-1] == f"t{n:02}"
            clock.now += 3600
        assert services.read(breakers.read_open_breakers) == {}
    (failing,) = [row for row in rows(services) if row.tip == "failing"]
    assert (failing.state, failing.reason) == ("dead_letter", "given up after 12 attempts: the receiver chokes")
    assert worker.kinds.count("delivery_dead_lettered") == 1


async def test_many_failing_tips_delay_a_fresh_one_no_longer_than_a_trial(services: Services, clock: Clock) -> None:
    post = Post(lambda delivery: Retry("500") if delivery.tip.startswith("p") else Done())
    async with working(services, post) as worker:
        queue(services, *(f"p{n}" for n in range(FAILED_TIPS)))
        await rest(worker)
        assert services.read(breakers.read_open_breakers).keys() == {"post:a"}
        clock.now += 10
        queue(services, "fresh", due_at=clock.now)
        await rest(worker)
        assert post.done == []
        clock.now += breakers.FIRST_PAUSE
        await rest(worker)
        assert post.done == ["fresh"]


def queue_covers(services: Services, count: int, *, to: str = "post:a", due_at: int = START) -> None:
    tips = [f"c{n:03}" for n in range(count)]
    rows = [deliveries.new_row(services.keys, tip, to, due_at, kind="cover") for tip in tips]
    services.write_now(lambda unit: unit.insert(tables.delivery, rows))


async def test_covers_use_up_no_trial_of_a_destination_that_is_down(services: Services, clock: Clock) -> None:
    post = Post(lambda _: Done())
    services.write_now(lambda unit: breakers.open_breaker(unit, "post:a", "down"))
    queue_covers(services, 200)
    async with working(services, post) as worker:
        clock.now += breakers.FIRST_PAUSE
        await rest(worker)
        assert services.read(breakers.read_open_breakers)["post:a"].half_open_at <= clock.now
        assert {(row.attempts, row.reason) for row in rows(services)} == {(1, "down")}, "as after a trial that failed"
        queue(services, "tip", due_at=clock.now)
        worker.worker.wake()
        await until(lambda: post.done == ["tip"])
        clock.now += 3600
        await until(lambda: set(states(services)) == {"done"})


async def test_covers_before_a_tip_never_delay_it(
    services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.delivery.worker.wait_for", lambda _wake, **_: asyncio.Event().wait())  # no second look
    post = Post(lambda _: Done())
    queue_covers(services, 200)
    queue(services, "tip", due_at=clock.now + 1)
    clock.now += 1
    async with working(services, post):
        await until(lambda: post.done == ["tip"])


async def test_a_destination_is_down_only_if_the_sink_reports_that_or_several_tips_fail(
    services: Services, clock: Clock
) -> None:
    post = Post(lambda _: Retry("no"))
    async with working(services, post) as worker:
        queue(services, *(f"t{n}" for n in range(FAILED_TIPS - 1)))
        for _ in range(3):
            await rest(worker)
            clock.now += 100
        assert services.read(breakers.read_open_breakers) == {}
        post.answer = lambda _: DOWN
        queue(services, "one", to="post:b")
        for _ in range(DOWN_RESULTS):
            await rest(worker)
            clock.now += 100
        assert services.read(breakers.read_open_breakers).keys() >= {"post:b"}


async def test_a_hanging_destination_claims_few_deliveries_and_delays_no_other(
    services: Services, clock: Clock
) -> None:
    gate = asyncio.Event()

    class Hanging(Post):
        async def deliver(self, delivery: Delivery) -> DeliveryResult:
            await gate.wait()
            return await super().deliver(delivery)

    hanging, post = Hanging(name="hang"), Post()
    services.destination_rules = (DestinationRule(to="hang:a", desk="sp", at_once=3),)
    async with working(services, hanging, post) as worker:
        queue(services, *(f"h{n}" for n in range(50)), to="hang:a", desk="sp")
        queue(services, "t1")
        await until(lambda: post.done == ["t1"])
        worker.worker.wake()
        await asyncio.sleep(0.05)
        assert [row.attempts for row in rows(services) if row.destination == "hang:a"].count(1) == 3
        gate.set()
        await until(lambda: set(states(services)) == {"done"})
    assert len(hanging.done) == 50


async def test_a_budget_of_attempts_a_minute_is_kept(services: Services, clock: Clock) -> None:
    post = Post()
    services.destination_rules = (DestinationRule(to="post:a", desk="sp", per_minute=4),)
    async with working(services, post) as worker:
        queue(services, *(f"t{n}" for n in range(10)), desk="sp")
        counts = []
        for _ in range(3):
            await rest(worker)
            await rest(worker)
            counts.append(len(post.done))
            clock.now += 61
    assert counts == [4, 8, 10]


def plant_tip(services: Services) -> None:
    row = {"id": "t", "number": "N", "revision": 1, "recipient": "", "day": 1}
    services.write_now(lambda unit: unit.insert(tables.tip, [{**row, "document": b""}]))


async def test_revisions_of_a_tip_come_in_order_and_each_contains_the_earlier_changes(
    services: Services, clock: Clock
) -> None:
    is_up = False
    post = Post(lambda _: Done() if is_up else Retry("busy"))
    plant_tip(services)
    async with working(services, post) as worker:
        queue(services, "t")
        services.write_now(lambda unit: deliveries.add_revision(unit, "t"))
        assert states(services) == ["due"], "what nobody has tried yet will carry the news"
        await rest(worker)
        services.write_now(lambda unit: deliveries.add_revision(unit, "t"))
        services.write_now(lambda unit: deliveries.add_revision(unit, "t"))
        assert states(services) == ["due", "blocked"]
        clock.now += 10_000
        await rest(worker)
        assert [one.revision for one in post.delivered] == [1, 1]
        is_up = True
        clock.now += 10_000
        await rest(worker)
        await until(lambda: states(services) == ["done", "done"])
    assert [one.revision for one in post.delivered] == [1, 1, 1, 2]


async def test_a_dead_letter_is_not_delivered_after_a_later_revision(services: Services, clock: Clock) -> None:
    post = Post(lambda _: Retry("no"))
    plant_tip(services)
    async with working(services, post, delivery_attempts=1) as worker:
        queue(services, "t")
        await rest(worker)
        assert states(services) == ["dead_letter"]
        services.write_now(lambda unit: deliveries.add_revision(unit, "t"))
        await rest(worker)
        assert states(services) == ["dead_letter", "dead_letter"]
        assert services.write_now(deliveries.retry) == 1
        first = rows(services)[0]
        assert (first.state, first.reason) == ("done", deliveries.SUPERSEDED)
        post.answer = lambda _: Done()
        await rest(worker)
        await until(lambda: states(services) == ["done", "done"])


async def test_only_a_dead_workers_claims_pass_to_another_worker(
    services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "RENEW_EVERY", 0.01)
    gate = asyncio.Event()

    class Slow(Post):
        async def deliver(self, delivery: Delivery) -> DeliveryResult:
            await gate.wait()
            return await super().deliver(delivery)

    slow, other = Slow(), Post()
    queue(services, "t")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(working(services, slow))
        await until(lambda: rows(services)[0].attempts == 1)
        for _ in range(5):
            clock.now += deliveries.LEASE - 1
            await until(lambda: rows(services)[0].due_at == clock.now + deliveries.LEASE)
        gate.set()
        await until(lambda: states(services) == ["done"])
    queue(services, "u", due_at=clock.now)
    services.write_now(lambda unit: deliveries.claim(unit, "post:a", 1))  # and the process dies
    async with working(services, other) as worker:
        await rest(worker)
        assert other.done == []
        clock.now += deliveries.LEASE
        await rest(worker)
        assert other.done == ["u"]
    assert slow.done == ["t"]


def test_a_worker_that_lost_its_claim_can_only_mark_a_delivery_as_done(services: Services) -> None:
    queue(services, "t", due_at=0)
    (row,) = services.write_now(lambda unit: deliveries.claim(unit, "post:a", 1))
    services.write_now(lambda unit: unit.main.execute(update(tables.delivery).values(due_at=0)))
    services.write_now(lambda unit: deliveries.claim(unit, "post:a", 1))
    services.write_now(lambda unit: deliveries.retry_later(unit, row.id, 1, 9999, "late"))
    assert services.write_now(lambda unit: deliveries.dead_letter(unit, row.id, 1, "late")) is False
    assert (rows(services)[0].state, rows(services)[0].reason) == ("due", "")
    services.write_now(lambda unit: deliveries.mark_done(unit, [row.id]))
    assert states(services) == ["done"]


async def test_a_destination_to_which_no_process_delivers_is_reported(services: Services, clock: Clock) -> None:
    async with working(services, Post()) as worker:
        queue(services, "t", to="elsewhere:a")
        await rest(worker)
        assert services.read(breakers.read_open_breakers) == {}
        clock.now += room.LATE + 1
        await rest(worker)
        (fault,) = services.read(breakers.read_open_breakers).values()
        assert (fault.destination, fault.reason) == ("elsewhere:a", "no process delivers there")


async def test_workers_on_postgresql_share_deliveries_and_repeat_none(databases: Any, tmp_path: Path) -> None:
    services = fresh_services(tmp_path, database_url=databases.main, keys_url=databases.keys)
    queue(services, *(f"t{n:03}" for n in range(120)), due_at=0)
    post = Post()
    async with AsyncExitStack() as stack:
        for _ in range(1 if services.main.dialect.name == "sqlite" else 3):
            await stack.enter_async_context(working(services, post))
        await until(lambda: set(states(services)) == {"done"})
    assert sorted(post.done) == [f"t{n:03}" for n in range(120)]
    services.close()


def plan(services: Services, statement: Any, **values: Any) -> str:
    dialect = services.main.dialect
    compiled = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN " if dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    for name, value in values.items():
        compiled = compiled.replace(f"%({name})s", repr(value)).replace(f":{name}", repr(value))
    found = services.read(lambda c: c.exec_driver_sql(explain + compiled).all())
    return "\n".join(str(row[-1]) for row in found)


def test_no_query_scans_the_queue(databases: Any, tmp_path: Path) -> None:
    services = fresh_services(tmp_path, database_url=databases.main, keys_url=databases.keys)
    queue(services, *(f"t{n}" for n in range(3000)), to="post:down", due_at=START * 2)
    queue(services, *(f"u{n}" for n in range(3000)), to="post:up", due_at=0)
    if services.main.dialect.name == "postgresql":
        services.write_now(lambda unit: unit.main.execute(text("ANALYZE delivery")))
    due = deliveries._DUE.order_by(tables.delivery.c.due_at).limit(8).params(to="post:up", now=START)
    for shown in (plan(services, due), plan(services, deliveries._DESTINATIONS)):
        assert "delivery_due" in shown
        assert "Seq Scan on delivery" not in shown
        assert "SCAN delivery" not in shown.replace("SCAN delivery USING COVERING INDEX delivery_due", "")
        assert "TEMP B-TREE" not in shown
        assert "Sort" not in shown
    assert services.read(deliveries.pending_destinations) == ["post:down", "post:up"]
    services.close()
