"""The sink queues each revision of a tip once, and only at the desks that can open the tip."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import msgspec
import pytest
from sqlalchemy import select

from satark.api.routing import Desk
from satark.api.sink import DeadLetter, Delivery, Done, Sink
from satark.services import Services
from satark.settings.settings import Settings
from satark.store.unit_of_work import UnitOfWork
from satark_desk import plugin
from satark_desk.sink import DeskSink, enqueue
from satark_desk.tables import queue
from support.store import worker_context
from support.tips import SeededTip, seed_tip

FindDesk = Callable[[str], Desk]


@pytest.fixture
async def sink(services: Services) -> AsyncIterator[DeskSink]:
    context = worker_context(services)
    context.writer.start()
    (sink,) = plugin.satark_sinks(Settings(), context)
    assert isinstance(sink, DeskSink)
    await sink.open()
    yield sink
    await sink.close()
    await context.writer.stop()


def delivery(seeded: SeededTip, desk: str, document: bytes = b"sealed") -> Delivery:
    return Delivery(
        idempotency_key="k",
        tip=seeded.id,
        destination=f"desk:{desk}",
        desk=desk,
        revision=1,
        attempt=1,
        envelope=b"",
        document=document,
    )


async def test_the_sink_implements_the_contract(sink: DeskSink) -> None:
    assert isinstance(sink, Sink)
    assert sink.name == "desk"


async def test_a_tip_is_queued_once_however_often_it_is_delivered(
    services: Services, sink: DeskSink, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp"), desk("dig")])
    for name in ("sp", "sp", "dig", "sp"):
        assert await sink.deliver(delivery(seeded, name)) == Done()
    rows = services.read(lambda c: c.execute(select(queue)).all())
    assert [(row.tip, row.revision) for row in rows] == [(seeded.id, 1)]
    assert all(row.delivered.endswith("/PT6H") for row in rows)


async def test_a_newer_revision_replaces_the_older_and_an_older_changes_nothing(
    services: Services, sink: DeskSink, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    for revision in (2, 1, 3, 2):
        await sink.deliver(msgspec.structs.replace(delivery(seeded, "sp"), revision=revision))
    (row,) = services.read(lambda c: c.execute(select(queue)).all())
    assert row.revision == 3


async def test_tips_that_arrive_together_share_one_write_in_their_order(
    services: Services, sink: DeskSink, desk: FindDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = [seed_tip(services, [desk("sp")]) for _ in range(5)]
    writes: list[Mapping[str, int]] = []

    def recorded(unit: UnitOfWork, revisions: Mapping[str, int]) -> None:
        writes.append(revisions)
        enqueue(unit, revisions)

    monkeypatch.setattr("satark_desk.sink.enqueue", recorded)
    await sink.deliver(delivery(together[2], "*"))
    results = await asyncio.gather(*(sink.deliver(delivery(one, "*")) for one in together))
    assert results == [Done()] * 5
    assert [len(tips) for tips in writes] == [1, 5]
    rows = services.read(lambda c: c.execute(select(queue).order_by(queue.c.position)).all())
    assert [row.tip for row in rows] == [together[n].id for n in (2, 0, 1, 3, 4)]


async def test_cancelling_one_delivery_does_not_cancel_the_write_that_others_share(
    services: Services, sink: DeskSink, desk: FindDesk
) -> None:
    first, second = (
        asyncio.create_task(sink.deliver(delivery(seed_tip(services, [desk("sp")]), "*"))) for _ in range(2)
    )
    await asyncio.sleep(0)
    first.cancel()
    assert await second == Done()
    assert len(services.read(lambda c: c.execute(select(queue)).all())) == 2


async def test_a_delivery_without_its_tip_is_a_dead_letter(services: Services, sink: DeskSink, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp")])
    assert isinstance(await sink.deliver(delivery(seeded, "lanka", b"")), DeadLetter)
    assert services.read(lambda c: c.execute(select(queue)).all()) == []
