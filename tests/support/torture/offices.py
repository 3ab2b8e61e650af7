"""Remote offices behind a real broker that is killed. Each office answers every tip once, through the host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from satark.api.background import keep_running
from satark.api.routing import Desk, DestinationRule
from satark.api.sealing import new_identity
from satark.casework import Casework
from satark.delivery.destination_reader import WorkerContext
from satark.remote.link_keys import HostPairing, LinkKey, OfficePairing
from satark.remote.office_inbox import OfficeAgent
from satark.remote.offices import join, register
from satark.routing.desks import add_desk
from satark.services import Services
from satark.store import deliveries, tables
from satark.store.unit_of_work import UnitOfWork
from satark_rabbitmq.connection import RabbitMQ
from satark_rabbitmq.settings import RabbitMQSettings
from support.acts import respond
from support.peers.rabbitmq import Broker
from support.store import fresh_services, worker_context
from support.tips import SeededTip, seed_tip
from support.torture.targets import DESTINATIONS, Answers, Effect
from support.torture.threads import lost_and_duplicated, sealed_threads, threads

TEXT = "the office has it"
RESTART_EVERY = 20
"""The broker is killed once per so many kills of a process."""
FIRST_RESTART = 3
POLL_SECONDS = 1.0
"""Seconds between two polls of the officers."""
SETTLE_SECONDS = 2
"""A quorum queue declared less than a second before a crash can be lost; operators declare queues at deployment."""


class RemoteOffices:
    """Several desks in one remote office, connected to the host only by the broker."""

    plugin = "rabbitmq"
    destination_rules: Sequence[DestinationRule] = ()

    def __init__(self, seed: int, *, faulty: float, folder: Path) -> None:
        del seed, faulty  # a broker has no partial faults: it is up or down
        self.restarts = 0
        self._folder = folder
        self._kills = 0
        self._identities = {f"sp{n}": new_identity() for n in range(DESTINATIONS)}
        self._effects: list[Effect] = []
        self._seeded: list[SeededTip] = []
        self._broker: Broker
        self._office: WorkerContext

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's settings."""
        return {"SATARK_RABBITMQ__URL": self._broker.url}

    @property
    def effects(self) -> Sequence[Effect]:
        """Every office message that reached the office's store."""
        return self._effects

    @property
    def is_idle(self) -> bool:
        """Whether the host has returned every answer."""
        waiting, answered = (
            select(func.count()).select_from(tables.office_outbox),
            select(func.count(tables.message.c.tip.distinct())),
        )
        return not self._office.read(lambda c: c.execute(waiting).scalar()) and self._office.read(
            lambda c: c.execute(answered).scalar()
        ) == len(self._seeded)

    def key_of(self, delivery: str, tip: str) -> str:
        """Return the tip's id: an office message holds the current state of a tip, so it may be repeated."""
        del delivery
        return tip

    def seed_tip(self, services: Services, tips: int) -> None:
        """Store sealed tips, each for one desk."""
        desks = [_desk(name, recipient) for name, (recipient, _) in self._identities.items()]
        for n in range(tips):
            desk = desks[n % DESTINATIONS]
            seeded = seed_tip(services, [desk])
            self._seeded.append(seeded)
            services.write_now(lambda unit, p=seeded, d=desk: deliveries.add(unit, p.id, d.destination))  # type: ignore[misc]

    @asynccontextmanager
    async def running(self, services: Services, desk_url: str) -> AsyncIterator[None]:
        """Start a broker and the office, and exchange the keys of office and host."""
        del desk_url
        async with AsyncExitStack() as stack:
            self._broker = await stack.enter_async_context(_running_broker())
            carrier = RabbitMQ(RabbitMQSettings())
            async with carrier.connect(self._broker.url) as connection:
                await connection.declare(list(self._identities))
            await asyncio.sleep(SETTLE_SECONDS)
            self._office = worker_context(await asyncio.to_thread(fresh_services, self._folder / "office"))
            agent = await asyncio.to_thread(self._introduce, services, carrier)
            self._office.writer.start()
            stack.push_async_callback(self._office.writer.stop)
            async with asyncio.TaskGroup() as tasks:
                running = [
                    tasks.create_task(keep_running("office", work)) for work in (agent.run, self._keep_answering)
                ]
                yield
                for task in running:
                    task.cancel()

    async def interrupt(self) -> None:
        """Kill and restart the broker once per so many calls."""
        self._kills += 1
        if self._kills % RESTART_EVERY == FIRST_RESTART:
            await self._broker.kill()
            await self._broker.start()
            self.restarts += 1

    def stop_faults(self) -> None:
        """Do nothing: the broker is running."""

    def answers(self, services: Services) -> Answers:
        """Check that each tip's thread has the office's answer once, and is the same at the office and at the host."""
        host, office = sealed_threads(services), sealed_threads(self._office)
        lost = duplicated = out_of_order = 0
        for tip, thread in threads(services, self._seeded).items():
            missing, more = lost_and_duplicated(thread, [TEXT])
            lost, duplicated = lost + missing, duplicated + more
            out_of_order += host.get(tip) != office.get(tip)
        return Answers(len(self._seeded), lost, duplicated, out_of_order)

    def _introduce(self, host: Services, carrier: RabbitMQ) -> OfficeAgent:
        host_key, key = LinkKey.load(self._folder / "data" / "link.key"), LinkKey.load(self._folder / "office.key")
        for name, (recipient, identity) in self._identities.items():
            desk, pairing = _desk(name, recipient), OfficePairing.of(name, identity, key)
            host.write_now(lambda unit, desk=desk, pairing=pairing: register(unit, desk, pairing))  # type: ignore[misc]
            here = Desk(name=name, title=name, level="district", recipient=recipient)
            add = partial(add_desk, desk=here, verifier=pairing.answer_verifier)
            self._office.write_now(add)
        self._office.write_now(lambda unit: join(unit, HostPairing(link=host_key.public_keys, roster="")))
        return OfficeAgent(
            services=self._office,
            carrier=carrier,
            url=self._broker.url,
            key=key,
            host=host_key.public_keys,
            desks=list(self._identities),
            tip_stored=self._arrived,
        )

    def _arrived(self, _unit: UnitOfWork, desk: str, tip: str, _revision: int) -> None:
        self._effects.append(Effect(tip, f"rabbitmq:{desk}"))

    async def _keep_answering(self) -> None:
        work = [Casework(self._office, name, identity) for name, (_, identity) in self._identities.items()]
        while True:
            for one in work:
                await asyncio.to_thread(_answer, one)
            await asyncio.sleep(POLL_SECONDS)


def _answer(work: Casework) -> None:
    """Answer every tip that has no answer."""
    for summary in work.summaries():
        if summary.status == "RECEIVED":
            respond(work, work.open(summary.header.number), status="ASSIGNED", text=TEXT)


def _desk(name: str, recipient: str) -> Desk:
    return Desk(name=name, title=name, level="district", recipient=recipient, via="rabbitmq")


@asynccontextmanager
async def _running_broker() -> AsyncIterator[Broker]:
    with TemporaryDirectory(prefix="satark-rabbitmq-") as folder:
        Path(folder).chmod(0o755)  # noqa: ASYNC240 - as root the broker runs as another user
        broker = Broker(Path(folder))
        await broker.start()
        try:
            yield broker
        finally:
            await broker.kill()
