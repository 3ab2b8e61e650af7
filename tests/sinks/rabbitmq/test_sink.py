"""Copies of local desks' tips on a real broker: complete for the desk's key, opaque to everybody else."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from satark.api.routing import Desk, DestinationRule
from satark.api.sealing import new_identity
from satark.api.sink import Done
from satark.casework import Casework
from satark.delivery.destination_reader import WorkerContext
from satark.remote.frames import WIRE_SIZE
from satark.remote.link_keys import LinkKey
from satark.remote.office_inbox import OfficeInbox
from satark.roster.entries import desk_verifier
from satark.routing.desks import add_desk
from satark.store import tables
from satark.store.unit_of_work import UnitOfWork
from satark_rabbitmq.connection import RabbitMQ
from satark_rabbitmq.settings import RabbitMQSettings
from satark_rabbitmq.sink import RabbitMQSink
from satark_testing.waiting import until
from support.peers.rabbitmq import Broker
from support.queued import until_queued
from support.store import fresh_services, worker_context
from support.tips import claim_delivery, seed_file, seed_tip

pytestmark = pytest.mark.needs("rabbitmq")
COPY = DestinationRule(to="rabbitmq:sp", desk="sp")
FRAMES = 4
"""The message, the original in two frames, the clean copy."""


class Host:
    """A host with a desk of its own, and its sink on the broker."""

    def __init__(self, folder: Path, broker: Broker, **options: Any) -> None:
        recipient, self.identity = new_identity()
        self.sp = Desk(name="sp", title="SP", level="district", recipient=recipient)
        self.services = worker_context(fresh_services(folder / "host", destination=(COPY,)))
        self.services.write_now(lambda unit: add_desk(unit, self.sp, verifier=desk_verifier(self.identity)))
        self.key = LinkKey.load(folder / "link.key")
        settings = RabbitMQSettings(prefix=f"{secrets.token_hex(4)}.", **options)
        self.carrier = RabbitMQ(settings)
        self.queue = self.carrier.topology.queue("sp")
        copies = tuple(settings.copies)
        link = self.services.office_link(folder / "link.key", copies)
        self.sink = RabbitMQSink(self.services, self.carrier, broker.url, link, copies)


async def holds(rabbitmq: Broker, queue: str, messages: int) -> bool:
    return f"{queue}\t{messages}" in await rabbitmq.ctl("list_queues", "name", "messages")


@asynccontextmanager
async def host_on(broker: Broker, folder: Path, **options: Any) -> AsyncIterator[Host]:
    host = Host(folder, broker, **options)
    async with writing(host.services):
        listening = asyncio.create_task(host.sink.listen())
        await until_queued(broker, host.queue, 0)
        try:
            yield host
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await host.sink.close()


@asynccontextmanager
async def writing(services: WorkerContext) -> AsyncIterator[None]:
    services.writer.start()
    try:
        yield
    finally:
        await services.writer.stop()
        services.close()


def files_are_complete(services: WorkerContext, tip: str) -> bool:
    query = select(tables.file.c.state).where(tables.file.c.tip == tip)
    return services.read(lambda c: c.execute(query).scalars().all()) == ["sealed"]


@pytest.mark.full("a whole installation")
async def test_a_tip_can_be_restored_from_its_copy_and_the_broker_can_not_read_it(
    rabbitmq: Broker, tmp_path: Path
) -> None:
    async with host_on(rabbitmq, tmp_path) as host:
        seeded = seed_tip(host.services, [host.sp], destination_rules=[COPY], evidence=("1",))
        seed_file(host.services, seeded, "1", b"original" * 9000, b"clean")
        assert await host.sink.deliver(claim_delivery(host.services, COPY.to)) == Done()
        await until_queued(rabbitmq, host.queue, 3)
        assert f"{host.queue}\tquorum\ttrue" in await rabbitmq.ctl("list_queues", "name", "type", "durable")
        messages: list[bytes] = []
        other = worker_context(fresh_services(tmp_path / "other"))
        other.write_now(lambda unit: add_desk(unit, host.sp))
        inbox = OfficeInbox(other, LinkKey(host.identity, os.urandom(32)), host.key.public_keys, ["sp"], _nothing)

        async def record(message: bytes) -> None:
            messages.append(message)
            await inbox.accept(message)

        async with writing(other), host.carrier.connect(rabbitmq.url) as connection:
            reading = asyncio.create_task(connection.consume("sp", record))
            work = Casework(other, "sp", host.identity)
            await until(lambda: len(messages) >= FRAMES)
            await until(lambda: files_are_complete(other, seeded.id))
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            tip = work.open(seeded.number)
            assert tip.tip.answers == seeded.tip.answers
            assert b"".join(work.evidence(tip, "1")) == b"clean"
    assert {len(message) for message in messages} == {WIRE_SIZE}
    for secret in (seeded.number, seeded.tip.category, str(seeded.tip.answers["what"])):
        assert not any(secret.encode() in message for message in messages)


@pytest.mark.full("a broker of its own")
async def test_a_full_queue_of_copies_drops_its_oldest_messages(rabbitmq: Broker, tmp_path: Path) -> None:
    async with host_on(rabbitmq, tmp_path, copies_kept=2) as host:
        for _ in range(4):
            seed_tip(host.services, [host.sp], destination_rules=[COPY])
            assert await host.sink.deliver(claim_delivery(host.services, COPY.to)) == Done()
        await until(partial(holds, rabbitmq, host.queue, 2), every=0.5)


@pytest.mark.full("a whole installation")
async def test_a_tip_that_the_desk_does_not_have_is_covered_with_a_message_of_the_same_size(
    rabbitmq: Broker, tmp_path: Path
) -> None:
    async with host_on(rabbitmq, tmp_path) as host:
        dig = Desk(name="dig", title="DIG", level="range", recipient=new_identity()[0])
        host.services.write_now(lambda unit: add_desk(unit, dig))
        seed_tip(host.services, [dig], destination_rules=[COPY])
        assert await host.sink.deliver(claim_delivery(host.services, COPY.to)) == Done()
        await until_queued(rabbitmq, host.queue, 1)


def _nothing(_unit: UnitOfWork, _desk: str, _tip: str, _revision: int) -> None:
    return
