"""The application and its host end together."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from satark.api.routing import DestinationRule
from satark.api.settings import SettingsError
from satark.runtime.app import Place, build_app
from satark.runtime.host import Host
from satark.runtime.process_watch import SERVE
from satark.settings.core import PUBLIC_METRICS, Role
from satark.settings.settings import Settings
from satark.store import breakers, deliveries, tables
from satark.store.unit_of_work import UnitOfWork
from satark.telemetry.metrics import Metrics
from satark_testing.processes.service import free_port
from satark_testing.processes.serving import serve
from satark_testing.waiting import limit, until
from support.scripted import ScriptedChannel, scripted_host


@pytest.mark.slow("a third of a second of a processor")
async def test_a_host_that_fails_while_it_serves_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails, stopped = asyncio.Event(), asyncio.Event()

    async def fail(*_: object) -> None:
        await fails.wait()
        raise OSError("planted")

    monkeypatch.setattr("satark.runtime.host.keep_running", fail)
    host = scripted_host(Settings(data_dir=tmp_path), ScriptedChannel())
    host.stop = stopped.set
    with capture_logs() as logged:
        async with serve(build_app(host)):
            assert not stopped.is_set()
            fails.set()
            async with limit():
                await stopped.wait()
    assert "process failed, stopping" in [entry["event"] for entry in logged]


pytestmark = pytest.mark.slow("a host")

ADDRESS = "127.0.0.1"


def desk_host(folder: Path, listen: str) -> Host:
    return Host(Settings(data_dir=folder, plugins=(), metrics_listen=listen), frozenset[Role]({"desk"}))


async def answers(url: str) -> bool:
    with contextlib.suppress(aiohttp.ClientConnectionError):
        return await status_of(url) == 200
    return False


async def status_of(url: str) -> int:
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return answer.status


async def test_metrics_are_on_a_port_of_their_own(tmp_path: Path) -> None:
    own = f"{ADDRESS}:{free_port()}"
    async with serve(build_app(desk_host(tmp_path, own), listen_for_metrics=True)) as url:
        assert await status_of(f"{url}/metrics") == 404
        assert await status_of(f"http://{own}/metrics") == 200
        assert await status_of(f"http://{own}/healthz") == 200
        assert await status_of(f"{url}/readyz") == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        await status_of(f"http://{own}/metrics")


@pytest.mark.parametrize(("listen", "status"), [(PUBLIC_METRICS, 200), ("", 404)])
async def test_metrics_are_on_the_services_port_if_the_setting_says_so(
    tmp_path: Path, listen: str, status: int
) -> None:
    async with serve(build_app(desk_host(tmp_path, listen), listen_for_metrics=True)) as url:
        assert await status_of(f"{url}/metrics") == status


async def test_a_taken_port_does_not_stop_the_service(tmp_path: Path) -> None:
    with capture_logs() as logged, socket.create_server((ADDRESS, 0)) as taken:
        host = desk_host(tmp_path, f"{ADDRESS}:{taken.getsockname()[1]}")
        async with serve(build_app(host, listen_for_metrics=True)) as url:
            assert await status_of(f"{url}/healthz") == 200
    assert any("metrics are not served" in entry["event"] for entry in logged)


async def test_each_of_several_processes_has_a_port_of_its_own(tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(data_dir=tmp_path, plugins=(), metrics_listen=f"{ADDRESS}:{port}")
    places = [socket.socketpair(type=socket.SOCK_SEQPACKET) for _ in "12"]
    for parent, _ in places:
        for message in (SERVE, b""):
            parent.send(message)
    first, second = (
        build_app(
            Host(settings, frozenset[Role]({"worker"}), is_alone=False),
            listen_for_metrics=True,
            place=Place(number, channel),
        )
        for number, (_, channel) in enumerate(places)
    )
    async with serve(first), serve(second):
        await until(lambda: answers(f"http://{ADDRESS}:{port}/metrics"))
        await until(lambda: answers(f"http://{ADDRESS}:{port + 10}/metrics"))
    for one in (*places[0], *places[1]):
        one.close()


async def test_a_replacing_process_serves_its_metrics_after_the_replaced_one_has_ended(tmp_path: Path) -> None:
    before, (parent, channel) = Metrics(), socket.socketpair(type=socket.SOCK_SEQPACKET)
    before.failures.labels("whatsapp").inc(7)
    own = f"{ADDRESS}:{free_port()}"
    with parent, channel:
        parent.sendall(SERVE)
        host = desk_host(tmp_path, own)
        async with serve(build_app(host, listen_for_metrics=True, place=Place(0, channel))):
            assert not await answers(f"http://{own}/metrics")
            parent.sendall(before.counts())
            await until(lambda: answers(f"http://{own}/metrics"))
            assert b'satark_turn_failures_total{channel="whatsapp"} 7.0' in host.metrics.render()


@pytest.mark.parametrize("value", ["9464", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "everywhere"])
def test_a_malformed_address_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SATARK_METRICS_LISTEN", value)
    with pytest.raises(SettingsError, match="address:port"):
        Settings()


def host(folder: Path) -> Host:
    destination_rules = (DestinationRule(to="email:cell", desk="sp"),)
    settings = Settings(
        data_dir=folder,
        plugins=(),
        destination=destination_rules,
        alarm_to=("email:operator",),
        metrics_listen=PUBLIC_METRICS,
    )
    return Host(settings, frozenset[Role]({"desk"}))


def queue(unit: UnitOfWork) -> None:
    rows = [
        deliveries.new_row(unit.keys, tip * 32, to, unit.now) for tip, to in (("1", "desk:sp"), ("1", "email:cell"))
    ]
    rows += [
        deliveries.new_row(unit.keys, "2" * 32, to, unit.now) for to in ("desk:dig", "email:cell", "paper:planted")
    ]
    unit.insert(tables.delivery, rows)
    second_email = (tables.delivery.c.tip == "2" * 32, tables.delivery.c.destination == "email:cell")
    unit.main.execute(update(tables.delivery).where(*second_email).values(state="dead_letter"))
    for destination in ("email:cell", "paper:planted"):
        breakers.open_breaker(unit, destination, "no route")


async def lines(url: str) -> set[str]:
    async with aiohttp.ClientSession() as client, client.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    return {line for line in text.splitlines() if line.startswith(("satark_deliveries_", "satark_destinations_"))}


async def test_metrics_count_waiting_deliveries_dead_letters_and_destinations_that_are_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = host(tmp_path)
    async with serve(build_app(made)) as url:
        assert await lines(url) == {
            'satark_deliveries_waiting{sink="email"} 0.0',
            'satark_deliveries_dead_lettered{sink="email"} 0.0',
            'satark_destinations_down{destination="email:cell"} 0.0',
            'satark_destinations_down{destination="email:operator"} 0.0',
        }
        made.services.write_now(queue)
        assert 'satark_deliveries_waiting{sink="email"} 0.0' in await lines(url), "a tip would be seen to come"
        monkeypatch.setattr("satark.runtime.app.band_start", lambda _: 1)
        found = await lines(url)
        assert found == {
            'satark_deliveries_waiting{sink="desk"} 2.0',
            'satark_deliveries_waiting{sink="email"} 1.0',
            'satark_deliveries_waiting{sink="paper"} 1.0',
            'satark_deliveries_dead_lettered{sink="desk"} 0.0',
            'satark_deliveries_dead_lettered{sink="email"} 1.0',
            'satark_deliveries_dead_lettered{sink="paper"} 0.0',
            'satark_destinations_down{destination="email:cell"} 1.0',
            'satark_destinations_down{destination="email:operator"} 0.0',
            'satark_destinations_down{destination="paper"} 1.0',
        }
        made.services.write_now(lambda unit: breakers.close_breaker(unit, "email:cell"))
        assert 'satark_destinations_down{destination="email:cell"} 0.0' in await lines(url)


async def test_metrics_answer_while_the_database_does_not(tmp_path: Path) -> None:
    made = host(tmp_path)
    async with serve(build_app(made)) as url:
        assert await lines(url)
        made.services.write_now(lambda unit: tables.open_breaker.drop(unit.main))
        assert await lines(url) == set(), "what nobody knows is not told as if it were so"
