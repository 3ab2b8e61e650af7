"""A host with the desk `dig`, an office with the desk `sp`, and an in-memory carrier between them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import delete, select, update

from satark.api.routing import Desk, Destination
from satark.api.sealing import new_identity
from satark.api.sink import Delivery, DeliveryResult, Done
from satark.casework import Casework, TwoOfficerApproval
from satark.delivery.destination_reader import WorkerContext
from satark.delivery.worker import load_deliveries
from satark.remote.host_inbox import HostInbox
from satark.remote.host_outbox import HostOutbox
from satark.remote.link_keys import HostPairing, LinkKey, OfficePairing
from satark.remote.office_inbox import OfficeAgent, OfficeInbox
from satark.remote.office_outbox import queue_key_change
from satark.remote.offices import join, office_of, register
from satark.roster.entries import Entry, KeyChange, desk_verifier
from satark.routing.desks import add_desk, change_key
from satark.services import Services
from satark.store import deliveries, due_times, envelopes, tables
from satark.store.unit_of_work import UnitOfWork
from support.peers.carrier import InMemoryCarrier
from support.store import fresh_services, worker_context
from support.tips import SeededTip, seed_tip


class OfficeLink:
    """The host and the office, each with a store of its own."""

    def __init__(self, folder: Path, host: WorkerContext, office: WorkerContext, **named: str) -> None:
        """`named`: what the host's roster says of the office's desk."""
        self.host, self.office = host, office
        self.carrier = InMemoryCarrier()
        self.connection = self.carrier.connection
        self.host_key, self.office_key = LinkKey.load(folder / "host.key"), LinkKey.load(folder / "office.key")
        self.stored_tips: list[tuple[str, str, int]] = []
        recipient, self.sp_identity = new_identity()
        dig, self.dig_identity = new_identity()
        self.sp = Desk(name="sp", title="SP", level="district", recipient=recipient)
        self.dig = Desk(name="dig", title="DIG", level="range", recipient=dig)
        pairing = OfficePairing.of("sp", self.sp_identity, self.office_key)
        fields: dict[str, Any] = {"title": "The SP", "level": "district", **named}
        remote = Desk(name="sp", recipient=recipient, via="list", **fields)
        host.write_now(lambda unit: register(unit, remote, pairing))
        host.write_now(lambda unit: add_desk(unit, self.dig, verifier=desk_verifier(self.dig_identity)))
        office.write_now(lambda unit: add_desk(unit, self.sp, verifier=desk_verifier(self.sp_identity)))
        head = host.roster_state().head
        paired = HostPairing(link=self.host_key.public_keys, roster=head)
        office.write_now(lambda unit: join(unit, paired))
        self.host_outbox = HostOutbox(host, self.host_key)
        self.host_inbox = HostInbox(host, self.host_key, self.host_outbox)
        self.restart_office()

    def restart_office(self) -> None:
        """Start the office's tasks as after a crash."""

        def record(_unit: UnitOfWork, desk: str, tip: str, revision: int) -> None:
            self.stored_tips.append((desk, tip, revision))

        self.inbox = OfficeInbox(self.office, self.office_key, self.host_key.public_keys, ["sp"], record)
        self.agent = OfficeAgent(
            services=self.office,
            carrier=self.carrier,
            url="list:",
            key=self.office_key,
            host=self.host_key.public_keys,
            desks=["sp"],
            tip_stored=record,
        )

    @property
    def casework(self) -> Casework:
        """The casework of an officer at the office."""
        return Casework(self.office, "sp", self.sp_identity)

    @property
    def casework_at_host(self) -> Casework:
        """The casework of an officer of the DIG, at the host."""
        return Casework(self.host, "dig", self.dig_identity)

    def seed_tip(self, *, to: tuple[Desk, ...] = (), **options: Any) -> SeededTip:
        """Seed a tip for these desks, or both, with a delivery to the office."""
        seeded = seed_tip(self.host, to or (self.sp, self.dig), **options)
        self.host.write_now(lambda unit: deliveries.add(unit, seeded.id, "list:sp"))
        return seeded

    def change_key_at_office(self) -> None:
        """Change the desk's key at the office, as its officers' `satark desk rotate` does."""
        self.sp_identity = self._change_key(self.office, "sp", self.sp_identity)

    def change_key_at_host(self) -> None:
        """Change the key of the DIG at the host."""
        self.dig_identity = self._change_key(self.host, "dig", self.dig_identity)

    def _change_key(self, services: WorkerContext, desk: str, old: str) -> str:
        _, new = new_identity()
        entry = Entry(body=KeyChange.of(desk, old, new))

        def write(unit: UnitOfWork) -> None:
            change_key(unit, services.roster, entry, old, new)
            queue_key_change(unit, desk, old, new)

        services.write_now(write)
        return new

    def add_revision(self, seeded: SeededTip) -> None:
        """Queue a new revision of a tip."""
        self.host.write_now(lambda unit: deliveries.add_revision(unit, seeded.id))

    async def deliver(self) -> list[DeliveryResult]:
        """Send the due deliveries from the host."""

        def claim(unit: UnitOfWork) -> list[tuple[bytes, Delivery]]:
            names = deliveries.pending_destinations(unit.main)
            return load_deliveries(unit, [row for to in names for row in deliveries.claim(unit, to, 100)], self.host)

        claimed = self.host.write_now(claim)
        results = []
        for id_, delivery in claimed:
            result = await self.host_outbox.send_tip(delivery, self.connection.publish)
            if isinstance(result, Done):
                self.host.write_now(lambda unit, one=id_: deliveries.mark_done(unit, [one]))  # type: ignore[misc]
            results.append(result)
        return results

    async def send_covers(self) -> None:
        """Send the office a cover that stands for no tip, and its files."""
        taken = patch.object(self.host_outbox, "_takes_moment", return_value=True)
        with patch("satark.remote.host_outbox.WITH_FILES", 0), taken:
            await self.host_outbox.send_cover(Destination("list:sp"), self.connection.publish, 0)

    async def send_roster(self) -> None:
        """Send the office the roster, unless it has the one of today."""
        if office := self.host.read(lambda c: office_of(c, self.host.keys, "sp")):
            await self.host_outbox.send_directory(office, self.connection.publish)

    async def receive_at_office(self) -> None:
        """Let the office accept what the carrier has."""
        await self.connection.consume("sp", self.inbox.accept)

    async def receive_at_host(self) -> None:
        """Let the host accept what the carrier has."""
        await self.connection.consume_answers(lambda message: self.host_inbox.accept(message, self.connection.publish))

    async def exchange_all(self) -> None:
        """Send and receive on both sides until nothing is left to exchange."""
        moved = True
        while moved:
            await self.send_roster()
            await self.deliver()
            await self.agent.send_due_answers(self.connection)
            moved = bool(self.connection.to_offices or self.connection.to_host)
            await self.receive_at_host()
            await self.receive_at_office()

    def thread_at_office(self, number: str) -> list[str]:
        """Return a tip's thread, as officers of the office read it."""
        return [posted.message.text for posted in self.casework.open(number).thread]

    def thread_at_host(self, number: str) -> list[str]:
        """Return a tip's thread, as the DIG reads it at the host."""
        return [posted.message.text for posted in self.casework_at_host.open(number).thread]

    def content(self, number: str, ordinal: str, *, original: bool = False) -> bytes:
        """Return a file, as officers of the office open it."""
        work = self.casework
        tip = work.open(number)
        if original:
            return b"".join(work.original_of(tip, ordinal, TwoOfficerApproval("one", "another", may_listen=True)))
        return b"".join(work.evidence(tip, ordinal))

    def make_deliveries_due(self) -> None:
        """Make all deliveries due now."""
        self.host.write_now(lambda unit: unit.main.execute(update(tables.delivery).values(due_at=0)))

    def take_away(self, seeded: SeededTip, holder: str) -> None:
        """Delete a holder's envelope at the host."""
        here = tables.envelope.c
        self.host.write_now(
            lambda unit: unit.keys.execute(
                delete(tables.envelope).where(
                    here.tip == seeded.id, here.holder == envelopes.tag(unit.keys, seeded.id, holder)
                )
            )
        )

    def rows(self, services: Services, table: Any) -> list[Any]:
        """Return every row of a table."""
        return list(services.read(lambda c: c.execute(select(table)).all()))


@asynccontextmanager
async def _writing(*services: Services) -> AsyncIterator[list[WorkerContext]]:
    contexts = [worker_context(one) for one in services]
    for one in contexts:
        one.writer.start()
    try:
        yield contexts
    finally:
        for one in contexts:
            await one.writer.stop()
            one.close()


@pytest.fixture
async def link(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OfficeLink]:
    """Host and office on SQLite. A parameter says more of the office's desk."""
    host, office = fresh_services(tmp_path / "host"), fresh_services(tmp_path / "office")
    async with _writing(host, office) as contexts:
        yield OfficeLink(tmp_path, *contexts, **getattr(request, "param", {}))


@pytest.fixture
def next_moment(link: OfficeLink, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give the office a moment every five minutes; return a function that goes to the next one."""
    monkeypatch.setattr(link.host, "office_seconds", 300)
    now = int(time.time())
    monkeypatch.setattr("satark.remote.host_outbox.time.time", lambda: now)

    def go_on() -> None:
        nonlocal now
        now = due_times.next_moment(link.host.keys, "list:sp", 300, now)

    return go_on


@pytest.fixture
async def link_on_each_database(tmp_path: Path, databases: Any) -> AsyncIterator[OfficeLink]:
    """The host on SQLite and on PostgreSQL in turn."""
    host = fresh_services(tmp_path / "host", database_url=databases.main, keys_url=databases.keys)
    office = fresh_services(tmp_path / "office")
    async with _writing(host, office) as contexts:
        yield OfficeLink(tmp_path, *contexts)
    host.close()


@pytest.fixture
def stranger_key(tmp_path: Path) -> LinkKey:
    """A link key that neither side knows."""
    return LinkKey.load(tmp_path / "stranger.key")
