"""Operators hear of each fault and its end, without the database and across restarts, and of a silent process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy.exc import OperationalError

from satark.api.sink import Delivery, Done, Retry
from satark.runtime.alarms import Alarms
from satark.settings.core import Core, Role
from satark.settings.settings import Settings
from satark.telemetry.faults import Fault, Faults
from satark.telemetry.metrics import Metrics
from satark_testing.waiting import until
from support.scripted import ScriptedChannel, scripted_host

WORKER: Final[Sequence[Role]] = ("worker",)
WEB: Final[Sequence[Role]] = ("web",)


class Pager:
    """A sink that records alarms; it can't be opened without a database, and accepts nothing while it is down."""

    name = "pager"

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self.is_down = False

    async def open(self) -> None:
        raise OperationalError("SELECT 1", None, Exception("gone"))

    async def close(self) -> None:
        pass

    async def deliver(self, delivery: Delivery) -> Done | Retry:
        assert delivery.kind == "alarm"
        if self.is_down:
            return Retry("down")
        self.told.append(delivery.alarm.splitlines())
        return Done()


def alarms_of(faults: Faults, folder: Path, *sinks: Any, roles: Sequence[Role] = WORKER, **core: str) -> Alarms:
    to = {} if core else {"alarm_to": ("pager:operator",)}
    return Alarms(faults, Core(data_dir=folder, **to, **core), lambda: sinks, roles)  # type: ignore[arg-type]


def fault(code: str, *, stops: bool = False) -> Fault:
    return Fault(code, f"{code} is wrong", "mend it", stops=stops)


async def test_operators_hear_of_each_fault_and_its_end_at_once_without_the_database(tmp_path: Path) -> None:
    faults, pager = Metrics().faults, Pager()
    alarms = alarms_of(faults, tmp_path, pager)
    await alarms.tell_once()
    faults.begin(fault("provider_refuses:whatsapp"))
    await alarms.tell_once()
    await alarms.tell_once()
    faults.begin(fault("database_down", stops=True))
    await alarms.tell_once()
    faults.end("provider_refuses:whatsapp")
    pager.is_down = True
    await alarms.tell_once()
    pager.is_down = False
    await alarms.tell_once()
    assert pager.told == [
        ["provider_refuses:whatsapp: provider_refuses:whatsapp is wrong; mend it"],
        ["database_down: database_down is wrong; mend it"],
        ["provider_refuses:whatsapp is over"],
    ]


async def test_a_process_leaves_faults_in_the_databases_to_the_process_with_the_worker(tmp_path: Path) -> None:
    faults, pager = Metrics().faults, Pager()
    faults.show("queues", [fault("replies_wait"), fault("dead_letters")])
    for one in (fault("disk_full", stops=True), fault("webhooks_refused:whatsapp")):
        faults.begin(one)
    await alarms_of(faults, tmp_path, pager, roles=WEB).tell_once()
    told = [line.partition(" ")[0] for line in pager.told[0]]
    assert told == ["disk_full:", "replies_wait:", "webhooks_refused:whatsapp:"]


async def test_the_next_process_repeats_no_fault_and_reports_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pager, faults = Pager(), Metrics().faults
    faults.begin(fault("backup_old"))
    await alarms_of(faults, tmp_path, pager).tell_once()
    after = Metrics().faults
    alarms = alarms_of(after, tmp_path, pager)
    await alarms.tell_once()
    after.begin(fault("disk_full"))
    await alarms.tell_once()
    assert [lines[0].partition(" ")[0] for lines in pager.told] == ["backup_old:", "disk_full:"]
    monkeypatch.setattr(alarms, "_settled", time.monotonic())
    await alarms.tell_once()
    assert pager.told[2:] == [["backup_old is over"]]


async def test_each_further_dead_letter_is_told_and_no_other_change_of_a_fault(tmp_path: Path) -> None:
    faults, pager = Metrics().faults, Pager()
    alarms = alarms_of(faults, tmp_path, pager)
    for number in ("1", "2"):
        faults.show("queues", [Fault("dead_letters", number, "retry"), Fault("replies_wait", number, "look")])
        for _ in range(2):
            await alarms.tell_once()
    assert pager.told == [["dead_letters: 1; retry", "replies_wait: 1; look"], ["dead_letters: 2; retry"]]


@asynccontextmanager
async def operator(calls: list[Any], *statuses: int) -> AsyncIterator[str]:
    """Serve an operator's address that notes its calls, and answers with these statuses and then with 200."""
    left = [*statuses]

    async def answer(request: web.Request) -> web.Response:
        calls.append(await request.json() if request.can_read_body else request.method)
        return web.Response(status=left.pop(0) if left else 200)

    app = web.Application()
    app.router.add_route("*", "/hook", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/hook"))


async def test_faults_are_posted_to_the_operators_address_until_it_accepts_them(tmp_path: Path) -> None:
    faults, calls = Metrics().faults, list[Any]()
    faults.begin(fault("disk_full"))
    async with operator(calls, 503, 302) as url:
        alarms = alarms_of(faults, tmp_path, alarm_url=url)
        for _ in range(4):
            await alarms.tell_once()
        faults.end("disk_full")
        await alarms.tell_once()
    told = [{"text": "disk_full: disk_full is wrong; mend it"}] * 3
    assert calls == [*told, {"text": "disk_full is over"}]
    await alarms_of(faults, tmp_path, alarm_url=url).tell_once()  # nobody listens any more


async def test_a_heartbeat_stops_while_nothing_can_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALARMS_EVERY", "HEARTBEAT_EVERY"):
        monkeypatch.setattr(f"satark.runtime.alarms.{name}", 0.0)
    faults, calls = Metrics().faults, list[Any]()
    async with operator(calls) as url:
        running = asyncio.create_task(alarms_of(faults, tmp_path, heartbeat_url=url).run())
        await until(lambda: len(calls) > 1)
        faults.begin(fault("database_down", stops=True))
        await asyncio.sleep(0.05)
        count = len(calls)
        await asyncio.sleep(0.05)
        assert len(calls) == count
        faults.end("database_down")
        await until(lambda: len(calls) > count)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert set(calls) == {"GET"}


async def test_a_sink_that_fails_or_hangs_or_is_missing_ends_no_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.runtime.alarms.ALARM_TIMEOUT", 0.05)
    faults, pager = Metrics().faults, Pager()
    faults.begin(fault("disk_full"))
    silent, sinks = Pager(), list[Any]()
    alarms = alarms_of(faults, tmp_path)
    monkeypatch.setattr(alarms, "_make_sinks", lambda: sinks)
    await alarms.tell_once()
    monkeypatch.setattr(silent, "deliver", lambda _delivery: asyncio.Event().wait())
    sinks.append(silent)
    await alarms.tell_once()
    sinks[:] = [pager]
    await alarms.tell_once()
    assert len(pager.told) == 1


@pytest.mark.slow("a host")
async def test_a_running_host_reports_its_faults(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, alarm_to=("pager:operator",), disk_reserve_bytes=1 << 60)
    host = scripted_host(settings, ScriptedChannel(), watches_faults=True)
    pager = Pager()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("satark.runtime.alarms.ALARMS_EVERY", 0.05)
        patch.setattr(host.alarms, "_make_sinks", lambda: [pager])
        async with host.running():
            await until(lambda: pager.told)
    assert pager.told[0][0].startswith("disk_nearly_full: the disk of")
