"""Faults of what a process depends on: queues without a worker, and servers of its channels and sinks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import event, select

from satark.runtime import compose, dependency_faults
from satark.runtime.dependency_faults import (
    ATTEMPTS,
    OVERDUE,
    FileStoreFinder,
    PeerWatch,
    answer_faults,
    ask_peers,
    queue_faults,
    server_time,
    try_writing,
    write_faults,
)
from satark.services import Services
from satark.store import canaries, tables
from satark.store.unit_of_work import UnitOfWork, consistent_snapshot
from satark.telemetry.faults import Faults
from satark_testing.waiting import LIMIT_SECONDS
from support.scripted import ScriptedChannel, ScriptedSink, database_down
from support.store import fresh_services, opened_services


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


def delivery(number: int, destination: str = "email:sp", **fields: Any) -> dict[str, Any]:
    row = {"id": bytes([number]) * 16, "tip": f"t{number}", "destination": destination, "revision": 1, "reason": ""}
    return {**row, "state": "due", "attempts": 0, "due_at": int(time.time()), **fields}


def codes(services: Services, *configured: str) -> list[str]:
    return [fault.code for fault in queue_faults(services, frozenset(configured))]


def test_there_is_no_fault_if_both_databases_answer_and_can_be_written(services: Services) -> None:
    assert (answer_faults(services), write_faults(services), codes(services)) == ([], [], [])
    assert server_time(services) is None, "SQLite has this machine's clock"


def lock_every_row(unit: UnitOfWork) -> None:
    for connection, metadata in ((unit.main, tables.main), (unit.keys, tables.keys)):
        for table in metadata.sorted_tables:
            connection.execute(select(table).with_for_update()).all()


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
@pytest.mark.parametrize("database", ["main", "keys"])
def test_nobody_waits_for_a_trial_of_writing_whose_process_is_stopped(
    databases: Any, tmp_path: Path, database: str
) -> None:
    """It held rows that every tip and every start needs: after a machine's plug was pulled, nobody had a receipt."""
    stopped, other = (fresh_services(tmp_path, database_url=databases.main, keys_url=databases.keys) for _ in "12")
    other.write_now(lambda unit: canaries.wrong_keys(unit, None))
    is_there, goes_on = threading.Event(), threading.Event()

    def stop(_connection: object) -> None:
        is_there.set()
        goes_on.wait(LIMIT_SECONDS)

    event.listen(getattr(stopped, database), "commit", stop)
    with ThreadPoolExecutor(1) as thread:
        trial = thread.submit(try_writing, stopped)
        assert is_there.wait(LIMIT_SECONDS)
        try:
            other.write_now(lock_every_row)
            with consistent_snapshot(other.main, other.keys):
                assert write_faults(other) == []
        finally:
            goes_on.set()
        trial.result()
    stopped.close()
    other.close()


def test_a_trial_of_writing_leaves_nothing_behind(services: Services) -> None:
    try_writing(services)
    found = [services.read(lambda c: c.execute(select(tables.key_canary)).all())]
    assert [*found, services.read_keys(lambda c: c.execute(select(tables.erased_tip)).all())] == [[], []]


def test_a_database_that_is_down_stops_everything_and_is_named(services: Services) -> None:
    with database_down(services):
        (fault,) = answer_faults(services)
    assert (fault.code, fault.stops) == ("database_down", True)
    assert "main database" in fault.text


@pytest.mark.parametrize(
    "fields",
    [{"attempts": ATTEMPTS}, {"due_at": int(time.time()) - OVERDUE - 60}],
    ids=["tried again and again", "overdue"],
)
def test_a_stuck_delivery_is_a_fault_unless_its_destination_is_down(services: Services, fields: dict[str, Any]) -> None:
    services.write_now(lambda unit: unit.insert(tables.delivery, [delivery(1), delivery(2, **fields)]))
    assert codes(services) == ["deliveries_wait"]
    breaker = {"destination": "email:sp", "since": 0, "half_open_at": 0, "failures": 1, "reason": "refused"}
    services.write_now(lambda unit: unit.insert(tables.open_breaker, [breaker]))
    assert codes(services, "email:sp") == ["destination_down:email:sp"]


def test_only_the_sink_shows_a_destination_without_a_setting(services: Services) -> None:
    breaker = {"destination": "email:lanka", "since": 0, "half_open_at": 0, "failures": 1, "reason": "refused"}
    services.write_now(lambda unit: unit.insert(tables.open_breaker, [breaker]))
    assert codes(services) == ["destination_down:email"]


def test_dead_letters_are_counted(services: Services) -> None:
    dead = [delivery(number, state="dead_letter") for number in (1, 2)]
    services.write_now(lambda unit: unit.insert(tables.delivery, dead))
    (fault,) = queue_faults(services, frozenset())
    assert fault.text == "2 deliveries were given up"


async def test_every_peer_that_can_be_asked_is_asked_and_the_others_are_not() -> None:
    channel = ScriptedChannel()
    channel.faults = ["refuses the token", "has no number"]
    assert await ask_peers([channel, ScriptedSink()]) == [
        ("script", "refuses the token"),
        ("script", "has no number"),
    ]


async def test_a_peer_that_does_not_answer_in_time_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(ScriptedChannel):
        async def find_faults(self) -> Sequence[str]:
            await asyncio.Event().wait()
            return ()

    monkeypatch.setattr(dependency_faults, "PEER_SECONDS", 0.01)
    ((name, what),) = await ask_peers([Silent()])
    assert (name, what) == ("script", "does not answer within 0 seconds")


@pytest.mark.slow("a server")
async def test_a_bucket_that_is_another_ones_or_away_is_a_fault(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = fresh_services(tmp_path, storage_url=bucket)
    finder = FileStoreFinder(services)
    assert compose.storage_problems(services, at_start=True) == []
    assert await ask_peers([finder]) == []
    services.files.put("folder.id", b"another")
    assert "is another store than that" in (await ask_peers([finder]))[0][1]
    services.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    services = opened_services(tmp_path, storage_url=bucket)
    ((name, what),) = await ask_peers([FileStoreFinder(services)])
    assert name == "storage_url"
    assert what.startswith("the store of files can't be reached or written")
    services.close()


async def test_a_watch_makes_its_plugins_once_and_reports_which_faults_began_and_ended() -> None:
    channel, made = ScriptedChannel(), []

    def make() -> list[ScriptedChannel]:
        made.append(channel)
        return [channel]

    faults = Faults(CollectorRegistry())
    watch = PeerWatch(make, faults)
    channel.faults = ["one", "two"]
    await watch.look_once()
    assert [fault.text for fault in faults.current] == ["script: one; two"]
    channel.faults = []
    await watch.look_once()
    assert (faults.current, len(made)) == ([], 1)
