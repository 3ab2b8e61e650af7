"""A synthetic tip takes the path of every tip to its own desk only, says where it was lost, and is erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from satark.api import hookimpl
from satark.api.inbound import Batch, CompleteTip, Text
from satark.api.routing import RouteAdvice
from satark.plugins.loader import Plugins
from satark.runtime.host import Host
from satark.runtime.synthetic_tip import ProbeFailed, send_synthetic_tip
from satark.settings.settings import Settings
from satark.store import envelopes, tables
from satark_testing.waiting import until
from support.desks import SeededDesk
from support.scripted import ScriptedChannel, ScriptedSink, inbound, scripted_host

pytestmark = pytest.mark.slow("a host")


class DeskSink(ScriptedSink):
    """The sink of the desks at this host."""

    def __init__(self) -> None:
        super().__init__("desk")


class RoutesToTheProbe:
    """A plugin that adds the probe's desk to every tip."""

    @hookimpl
    def satark_route(self) -> RouteAdvice:
        return RouteAdvice(add=("desk:probe",))


@pytest.fixture
async def worker(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Host]:
    """A running service with a desk for tips and one for probes."""
    channel = ScriptedChannel()
    further = getattr(request, "param", None)
    host = scripted_host(Settings(data_dir=tmp_path), channel, [DeskSink()], plugin=further)
    SeededDesk(host.services, "dig", "range")
    SeededDesk(host.services, "probe", "outpost")
    async with host.running():
        await until(lambda: channel.opened)
        yield host


def count(host: Host, table: object) -> int:
    query = select(func.count()).select_from(table)  # type: ignore[arg-type]
    return host.services.read(lambda connection: connection.execute(query).scalar_one())


async def test_a_synthetic_tip_arrives_and_nothing_of_it_remains(worker: Host) -> None:
    found = await send_synthetic_tip(worker.settings, Plugins.load(()), worker.services, 60)
    assert 0 < found.acknowledged <= found.delivered
    for table in (tables.tip, tables.message, tables.outbox):
        assert count(worker, table) == 0
    assert worker.services.read_keys(lambda c: c.execute(select(tables.envelope)).all()) == []


@pytest.mark.parametrize("worker", [None, RoutesToTheProbe()], indirect=True)
async def test_the_probes_desk_gets_no_other_tip_whatever_a_plugin_advises(worker: Host) -> None:
    assert worker.ingest_runtime
    real = inbound("asha", CompleteTip(Text("They sell arms behind the school at night"), last=True))
    channel = worker.ingest_runtime.channels[0]
    (result,) = await worker.ingest_runtime.ingest.ingest(channel, Batch(inbound=[real]))
    assert result.submitted
    tip = worker.services.read(lambda c: c.execute(select(tables.tip.c.id)).scalar_one())
    holders = worker.services.read_keys(lambda c: envelopes.holders_of(c, tip, ["dig", "probe"]))
    assert holders == ["dig"]


async def test_without_a_worker_the_probe_says_so_and_erases_the_tip(tmp_path: Path) -> None:
    host = scripted_host(Settings(data_dir=tmp_path), ScriptedChannel())
    SeededDesk(host.services, "dig", "range")
    SeededDesk(host.services, "probe", "outpost")
    with pytest.raises(ProbeFailed, match="no worker delivered it"):
        await send_synthetic_tip(host.settings, Plugins.load(()), host.services, 0)
    assert count(host, tables.tip) == 0
    host.services.close()


async def test_without_its_desk_the_probe_says_how_to_make_one(tmp_path: Path) -> None:
    host = scripted_host(Settings(data_dir=tmp_path), ScriptedChannel())
    SeededDesk(host.services, "dig", "range")
    with pytest.raises(ProbeFailed, match="satark desk add probe"):
        await send_synthetic_tip(host.settings, Plugins.load(()), host.services, 0)
    host.services.close()
