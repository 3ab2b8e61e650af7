"""A running host, its channel, and two desks with their keys, for tests of ingest."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from satark.api.inbound import Media, MediaRef
from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.casework import Casework
from satark.identity.epoch_keys import LONGEST_GRACE
from satark.roster.entries import desk_verifier
from satark.routing.desks import add_desk
from satark.runtime.host import Host
from satark.settings.settings import Settings
from satark.store import tables
from satark.store.resealing import _PLACES, _sealed_under
from satark_testing.waiting import until
from support.scripted import (
    ACCOUNT,
    ScriptedChannel,
    ScriptedSink,
    Tipster,
    scripted_host,
)
from support.tipsters import ENGLISH

CODE = re.compile(r"\d{4} \d{4} \d{4} \d{4}")
RECEIPT = CODE.pattern
ANSWERS = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}
WRONG = "0000 0000 0000 0000"
EPOCH = 3600
"""Length of an epoch in seconds."""


class WorkingHost:
    """A running host with a scripted channel and the desks `sp` and `dig`."""

    def __init__(self, host: Host, channel: ScriptedChannel) -> None:
        self.host, self.channel = host, channel
        assert host.ingest_runtime is not None
        self.runtime = host.ingest_runtime
        self.identities: dict[str, str] = {}

    def make_desk(self, name: str, level: Any) -> None:
        """Add a desk whose key is in `identities`."""
        recipient, self.identities[name] = new_identity()
        desk = Desk(name=name, title=name, level=level, area="", recipient=recipient)
        self.host.services.write_now(lambda unit: add_desk(unit, desk, verifier=desk_verifier(self.identities[name])))

    def desk(self, name: str) -> Casework:
        """Open a desk."""
        return Casework(self.host.services, name, self.identities[name])

    def tipster(self, address: str = "9140112233") -> Tipster:
        """Return a tipster with this address."""
        return Tipster(self.runtime, self.channel, address)

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        query = select(func.count()).select_from(getattr(tables, table))
        return self.host.services.read(lambda c: c.execute(query).scalar_one())

    def rows(self, table: Any) -> list[Any]:
        """Return the rows of a table."""
        return list(self.host.services.read(lambda c: c.execute(select(table)).all()))

    async def receipt(self, tipster: Tipster) -> str:
        """Submit a complete tip; return its receipt code."""
        found = CODE.search(await tipster.walk(ANSWERS, RECEIPT))
        assert found
        return found.group()


class EpochHost(WorkingHost):
    """A working host with a separate clock for its epochs."""

    def __init__(self, host: Host, channel: ScriptedChannel) -> None:
        super().__init__(host, channel)
        self.identity = self.runtime.identity
        self._ahead = 0.0
        self.identity.epochs._clock = lambda: time.time() + self._ahead

    async def epoch_later(self) -> bytes:
        """Wait until the current epoch is destroyed; return its id."""
        old = self.identity.epochs.current().id
        self._ahead += EPOCH + LONGEST_GRACE
        await until(lambda: self.identity.epochs.find(old) is None)
        return old

    def sealed_under(self, epoch: bytes) -> int:
        """Count the values that are sealed under the key of an epoch."""
        return self.host.services.read(lambda c: count_sealed(c, [epoch]))


def count_sealed(connection: Connection, epochs: Collection[bytes]) -> int:
    """Count the rows that hold something sealed under these epochs."""
    queries = (select(func.count()).select_from(place.table).where(_sealed_under(place, epochs)) for place in _PLACES)
    return sum(connection.execute(query).scalar_one() for query in queries)


@asynccontextmanager
async def working_host(folder: Path, plugin: object = None, **core: Any) -> AsyncIterator[WorkingHost]:
    """Run a host on SQLite in a folder, with a plugin and further settings."""
    channel = ScriptedChannel()
    host = scripted_host(Settings(data_dir=folder, **core), channel, [ScriptedSink("desk")], plugin=plugin)
    async with host.running():
        made = WorkingHost(host, channel)
        await until(lambda: channel.opened)
        for name, level in (("sp", "district"), ("dig", "range")):
            made.make_desk(name, level)
        yield made


@asynccontextmanager
async def working_host_on(databases: Any, folder: Path, **core: Any) -> AsyncIterator[WorkingHost]:
    """Run a host on the databases of the fixture."""
    async with working_host(folder, database_url=databases.main, keys_url=databases.keys, **core) as made:
        yield made


def picture(name: str) -> Media:
    """Return a picture that the scripted channel's provider stores under a name."""
    return Media(MediaRef(account=ACCOUNT, id=name), "image")


@asynccontextmanager
async def epoch_host_on(databases: Any, folder: Path) -> AsyncIterator[EpochHost]:
    """Run a host on the databases of the fixture, with a separate clock for its epochs."""
    async with working_host_on(databases, folder) as made:
        host = EpochHost(made.host, made.channel)
        host.identities = made.identities
        yield host
