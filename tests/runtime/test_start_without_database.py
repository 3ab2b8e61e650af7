"""A web node that starts while the database is down spools; once the database answers, it checks its keys and works."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from sqlalchemy import create_engine, event
from structlog.testing import capture_logs

from satark.api.inbound import Batch, Text
from satark.runtime import compose
from satark.runtime.host import Host
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.store.engines import make_engine
from satark.store.writer import StoreDown
from satark_testing.waiting import until
from support.scripted import ScriptedChannel, inbound, scripted_host

HI = Batch(inbound=[inbound("asha", Text("Hi"))])


class Calls(ScriptedChannel):
    """The scripted medium, answered in the response."""

    capabilities = msgspec.structs.replace(ScriptedChannel.capabilities, inline=True)


class DatabaseDown:
    """Every new connection to a database fails until it is over."""

    def __init__(self) -> None:
        self.over = False
        self._real = make_engine

    def engine(self, url: str) -> Any:
        """Make an engine that can't connect meanwhile."""
        engine = self._real(url)

        def refuse(*_arguments: Any) -> None:
            if not self.over:
                raise sqlite3.OperationalError("planted")

        event.listen(engine, "do_connect", refuse)
        return engine


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseDown]:
    monkeypatch.setattr("satark.runtime.host.DATABASE_SECONDS", 0.02)
    monkeypatch.setattr("satark.ingest.replay.LOOK_EVERY", 0.02)
    monkeypatch.setattr("satark.store.engines.create_engine", create_engine)  # each with a dialect that can refuse
    found = DatabaseDown()
    with patch.object(compose, "make_engine", found.engine):
        yield found


@pytest.mark.slow("a whole host")
async def test_batches_that_come_without_the_database_are_spooled_and_replayed(
    down: DatabaseDown, tmp_path: Path
) -> None:
    channel = Calls()
    host = scripted_host(Settings(data_dir=tmp_path), channel)
    assert host.ingest_runtime
    with capture_logs() as logged:
        async with host.running():
            outcome = await host.ingest_runtime.ingest.receive(channel, HI)
            assert outcome.state == "spooled"
            await until(lambda: any("database_url) does not answer" in entry["event"] for entry in logged))
            down.over = True
            await until(lambda: channel.sent)
            spool = host.ingest_runtime.spool
            await until(lambda: spool.depth == 0)  # a batch is deleted only once it is stored
            assert not host.metrics.faults.current


@pytest.mark.slow("a whole process")
async def test_batches_that_a_provider_sends_again_are_refused(down: DatabaseDown, tmp_path: Path) -> None:
    channel = ScriptedChannel()
    host = scripted_host(Settings(data_dir=tmp_path), channel)
    assert host.ingest_runtime
    async with host.running():
        with pytest.raises(StoreDown):
            await host.ingest_runtime.ingest.receive(channel, HI)
        down.over = True
        await until(lambda: channel.opened)
        assert (await host.ingest_runtime.ingest.receive(channel, HI)).state == "accepted"


@pytest.mark.slow("a whole process")
async def test_with_another_edge_key_the_process_stops_and_writes_nothing(down: DatabaseDown, tmp_path: Path) -> None:
    down.over = True
    scripted_host(Settings(data_dir=tmp_path), ScriptedChannel()).services.close()
    (tmp_path / "edge.key").write_bytes(b"?" * 32)
    down.over = False
    channel, stopped = ScriptedChannel(), list[bool]()
    host = scripted_host(Settings(data_dir=tmp_path), channel)
    host.stop = lambda: stopped.append(True)
    assert host.ingest_runtime
    with capture_logs() as logged:
        async with host.running():
            down.over = True
            await until(lambda: stopped)
            with pytest.raises(StoreDown):
                await host.ingest_runtime.ingest.receive(channel, HI)
    assert any("SATARK_EDGE_KEY_FILE" in entry["event"] for entry in logged)


def test_a_process_without_the_role_web_does_not_start(down: DatabaseDown, tmp_path: Path) -> None:
    del down
    with pytest.raises(Exception, match="planted"):
        Host(Settings(data_dir=tmp_path, plugins=()), frozenset[Role]({"desk"}))
