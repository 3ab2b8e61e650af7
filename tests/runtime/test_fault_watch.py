"""No fault is silent: each one, and its end, is in the log once, on /readyz and in the metrics."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn

import msgspec
import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from satark.api.inbound import Batch
from satark.api.outbound import Accepted, Call, Misconfigured, Permanent
from satark.api.sealing import new_identity
from satark.custody import machine_notes
from satark.custody.comparison import find_missing
from satark.custody.machine_notes import Note, retire
from satark.identity import epoch_keys
from satark.runtime.app import Status
from satark.runtime.fault_watch import UNREACHED_EVERY
from satark.runtime.host import Host
from satark.runtime.key_faults import FileWatch
from satark.runtime.machine_faults import note_backup, note_drill
from satark.services import Services
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.store import bulk, tables
from satark.store.outbox import OutboxMessage
from satark.store.unit_of_work import SnapshotBusy
from satark.telemetry.faults import ALARM_SECONDS, Fault
from satark_files.sandbox.protections import Protections
from satark_testing.waiting import until
from support.scripted import ACCOUNT, ScriptedChannel, scripted_host

pytestmark = pytest.mark.slow("a host")

CALL = Call(account=ACCOUNT, method="messages", body=b"")


class Running(NamedTuple):
    """A host that serves."""

    host: Host
    channel: ScriptedChannel
    status: Status


CERTIFICATE = "satark.runtime.machine_faults._end"
ISOLATION = "satark.runtime.machine_faults.look_for_protections"
ISOLATED = Protections(**dict.fromkeys(Protections.__struct_fields__, True))


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One host for all faults; it looks for them when a test asks it to."""
    channel = ScriptedChannel()
    folder = tmp_path_factory.mktemp("data")
    settings = Settings(data_dir=folder, spool_max_files=10, public_url="https://tips.example/")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CERTIFICATE_EVERY", "ISOLATION_EVERY"):
            patch.setattr(f"satark.runtime.fault_watch.{name}", 0.0)
        # Between two looks of a test, none of the host's own tells anything.
        for name in ("runtime.fault_watch.EVERY", "runtime.dependency_faults.PEERS_EVERY", "ingest.replay.LOOK_EVERY"):
            patch.setattr(f"satark.{name}", 3600.0)
        patch.setattr(CERTIFICATE, lambda *_: time.time() + 90 * 86_400)
        patch.setattr(ISOLATION, lambda: ISOLATED)
        # A worker finds within a second what nobody delivers: these faults are of machines where none runs.
        patch.setattr("satark.delivery.worker.DeliveryWorker._is_late", lambda *_: False)
        host = scripted_host(settings, channel)
        async with host.running():
            await until(lambda: channel.opened)
            yield Running(host, channel, Status(host))


async def look(running: Running) -> None:
    await running.host.fault_watch.look_once()
    await running.host.peer_watch.look_once()
    if not await running.host.fault_watch.look_for_missing():
        await running.host.fault_watch.look_for_missing()


Induce = Callable[[Running], AbstractContextManager[None]]


def patched(target: str, value: Any) -> Induce:
    @contextmanager
    def induce(_running: Running) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(target, value)
            yield

    return induce


def failing_folder(number: int) -> Induce:
    def fail(path: Path, _pieces: Any) -> NoReturn:
        raise OSError(number, "planted", str(path))

    return patched("satark.runtime.machine_faults.atomic_files.replace", fail)


def failing_statement(which: str, begins: str, message: str) -> Induce:
    """Make statements of a database fail that begin with these words."""

    @contextmanager
    def induce(running: Running) -> Iterator[None]:
        engine = getattr(running.host.services, which)

        def fail(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if statement.startswith(begins):
                raise OperationalError(statement, None, Exception(message))

        event.listen(engine, "before_cursor_execute", fail)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", fail)

    return induce


def rows(table: Any, *many: dict[str, Any]) -> Induce:
    @contextmanager
    def induce(running: Running) -> Iterator[None]:
        running.host.services.write_now(lambda unit: unit.insert(table, many))
        try:
            yield
        finally:
            running.host.services.write_now(lambda unit: unit.main.execute(table.delete()))

    return induce


def spooled(count: int, *, quarantine: bool = False) -> Induce:
    @contextmanager
    def induce(running: Running) -> Iterator[None]:
        folder = running.host.settings.spool_dir / ("quarantine" if quarantine else "")
        folder.mkdir(parents=True, exist_ok=True)
        names = [folder / f"{n:020}-00000000.script" for n in range(count)]
        for name in names:
            name.touch()
        yield
        for name in names:
            name.unlink(missing_ok=True)

    return induce


def settled(result: Any) -> Induce:
    """Have a reply end with this result, and have another one accepted afterwards."""

    @contextmanager
    def induce(running: Running) -> Iterator[None]:
        assert running.host.ingest_runtime
        worker = running.host.ingest_runtime._replies
        item = OutboxMessage(id=b"i" * 16, position=1, conversation=b"c" * 32, call=CALL)
        worker._settle(item, 1, result)
        yield
        worker._settle(item, 1, Accepted())
        running.host.metrics.faults._clock = lambda: time.monotonic() + ALARM_SECONDS

    return induce


def alarmed(code: str) -> Induce:
    @contextmanager
    def induce(running: Running) -> Iterator[None]:
        assert running.host.ingest_runtime
        running.host.ingest_runtime.ingest._note(running.channel, Batch(alarms=[code]))
        yield
        running.host.metrics.faults._clock = lambda: time.monotonic() + 2 * ALARM_SECONDS

    return induce


@contextmanager
def clock_set(running: Running) -> Iterator[None]:
    watch = running.host.fault_watch.clock
    real, watch._wall = watch._wall, lambda: time.time() + 86_400
    yield
    watch._wall = real


def other_key(name: str) -> Induce:
    """Make the database report another key, as after a restore or a key change."""

    @contextmanager
    def induce(running: Running) -> Iterator[None]:
        row = tables.key_canary.c
        stored = running.host.services.read(
            lambda c: c.execute(select(row.value).where(row.name == name)).scalar_one(),
        )

        def store(value: bytes) -> None:
            change = tables.key_canary.update().where(row.name == name).values(value=value)
            running.host.services.write_now(lambda unit: unit.main.execute(change))

        store(bytes(16))
        yield
        store(stored)

    return induce


@contextmanager
def unknown_epoch(running: Running) -> Iterator[None]:
    """List an epoch whose key a machine has that is gone."""
    row = {"epoch": bytes(4), "machine": bytes(16), "sealed": b""}
    running.host.services.write_now(lambda unit: bulk.insert(unit.main, tables.epoch_key, [row]))
    yield
    gone = delete(tables.epoch_key).where(tables.epoch_key.c.machine == row["machine"])
    running.host.services.write_now(lambda unit: unit.main.execute(gone))


@contextmanager
def deleted_list(running: Running) -> Iterator[None]:
    """Delete the list of epochs while something is sealed under them. A day later the fault is over."""
    runtime, services = running.host.ingest_runtime, running.host.services
    assert runtime
    row = {"id": b"m", "conversation": b"", "sealed": runtime.identity.seal(b"id", b"m"), "expires_at": 0}
    services.write_now(lambda unit: bulk.insert(unit.main, tables.provider_message, [row]))
    with services.main.begin() as connection:
        connection.execute(delete(tables.epoch_key))
    assert runtime.epochs.agree()
    yield
    runtime.identity.epochs._note(epoch_keys._UNLISTED_AT, 0)


def failing_address(error: OSError) -> Induce:
    def fail(*_: Any) -> NoReturn:
        raise error

    return patched(CERTIFICATE, fail)


def expired() -> OSError:
    error = ssl.SSLCertVerificationError()
    error.verify_message = "certificate has expired"
    return error


@contextmanager
def peer_says(running: Running) -> Iterator[None]:
    running.channel.faults.append("Meta refuses the access token (code 190)")
    yield
    running.channel.faults.clear()


@contextmanager
def old_epoch(running: Running) -> Iterator[None]:
    assert running.host.ingest_runtime
    running.host.ingest_runtime.identity.epochs.current()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("satark.runtime.key_faults.OVERDUE", -86_400)
        yield


def without(name: str) -> Induce:
    """Move a file of the data folder, or the epoch keys, away while it is in use."""

    @contextmanager
    def induce(running: Running) -> Iterator[None]:
        settings = running.host.settings
        path = settings.core.data_dir / name if name else settings.epoch_key_file
        path.rename(path.with_suffix(".moved"))
        yield
        path.with_suffix(".moved").rename(path)

    return induce


@contextmanager
def other_folder(running: Running) -> Iterator[None]:
    """Put a copy of the data folder in its place."""
    folder = running.host.settings.core.data_dir
    kept = folder.rename(folder.with_name("kept"))
    shutil.copytree(kept, folder)
    yield
    shutil.rmtree(folder)
    kept.rename(folder)


@contextmanager
def swapped_edge_key(running: Running) -> Iterator[None]:
    path = running.host.settings.edge_key_file
    kept = path.read_bytes()
    path.write_bytes(kept[::-1])
    yield
    path.write_bytes(kept)


@contextmanager
def old_backup(running: Running) -> Iterator[None]:
    folder = running.host.settings.core.data_dir
    note_backup(folder)
    os.utime(folder / "backup.made", (OLD - 3 * 86_400,) * 2)
    yield
    note_backup(folder)


def drilled(*problems: str, days: int = 0) -> Induce:
    """Have a drill end so many days ago, with these problems."""

    @contextmanager
    def induced(running: Running) -> Iterator[None]:
        folder = running.host.settings.core.data_dir
        note_drill(folder, problems)
        if days:
            os.utime(folder / "drill.made", (OLD - days * 86_400,) * 2)
        yield
        note_drill(folder, ())

    return induced


@contextmanager
def hung(running: Running) -> Iterator[None]:
    """Have no query return, as when the database's server is stopped."""
    goes_on = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("satark.runtime.fault_watch.LOOK_SECONDS", 0.1)
        patch.setattr("satark.runtime.dependency_faults.answer_faults", lambda _services: goes_on.wait() and [])
        yield
    goes_on.set()


@contextmanager
def older_copies(running: Running) -> Iterator[None]:
    """Have both databases lack a tip that they had."""
    services = running.host.services

    def write(tips: int) -> None:
        rows = [{"day": 20_422, "process": "p", "tips": tips}]
        services.write_now(lambda unit: bulk.upsert(unit.main, tables.tip_count, rows))
        services.write_now(lambda unit: unit.upsert(tables.tip_witness, rows))

    write(2)
    running.host.fault_watch._look()
    write(1)
    (services.data_dir / "tips.kept").unlink(missing_ok=True)
    yield
    write(2)
    (services.data_dir / "tips.kept").unlink()


@contextmanager
def deleted_tip(running: Running) -> Iterator[None]:
    """Have the databases lack a tip that was counted."""
    services = running.host.services
    (services.data_dir / "tips.kept").unlink(missing_ok=True)
    find_missing(services, note=True)
    rows = [{"day": 20_423, "process": "deleted", "tips": 1}]
    services.write_now(lambda unit: bulk.upsert(unit.main, tables.tip_count, rows))
    services.write_now(lambda unit: unit.upsert(tables.tip_witness, rows))
    yield
    (services.data_dir / "tips.kept").unlink()


def another_machine(note: bytes = b"{}", *, hours: int = 0) -> Induce:
    """Have a note of another machine in the databases: a forged one, or one that its machine wrote hours ago."""

    @contextmanager
    def induce(running: Running) -> Iterator[None]:
        services = running.host.services
        row = {"id": bytes(16), "note": note, "tag": bytes(16)}
        services.write_now(lambda unit: unit.upsert(tables.machine_note, [row]))
        if hours:
            old = Note(host="web-2", hour=int(time.time()) // 3600 - hours)
            services.write_now(lambda unit: machine_notes._write(unit, bytes(16).hex(), old))
        yield
        retire(services, bytes(16).hex())

    return induce


def unreadable_row(*_: object) -> list[Fault]:
    """Fail, as the look does over a row of another type."""
    raise TypeError


@contextmanager
def kept_back(running: Running) -> Iterator[None]:
    """Keep a delivery back by what its row says; a first look is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running.host.fault_watch.waits, "_limit", -86_400)  # six hours are noted as one
        with rows(tables.delivery, {**DELIVERY, "state": "due", "due_at": 1 << 40})(running):
            yield


DISK = SimpleNamespace(free=1)
OLD = int(time.time()) - 3600
REPLY = {"id": b"r" * 16, "position": 1, "conversation": b"c" * 32, "call": b"", "must_arrive": True, "reason": ""}
FILE = {"tip": "t", "ordinal": "1", "job": b"", "record": b"", "reason": ""}
DELIVERY = {"id": b"d" * 16, "tip": "t", "destination": "email:cell", "revision": 1, "reason": "", "attempts": 0}
BREAKER = {"since": OLD, "half_open_at": OLD, "failures": 3, "reason": "refused"}

MACHINE = (
    *("backup", "certificate", "clock", "database", "disk", "drill", "edge_key", "epoch_key", "file_gone", "folder"),
    *(
        "isolation",
        "key_store",
        "known_keys",
        "machine",
        "missing_unknown",
        "name_key",
        "peer",
        "public_address",
        "spool",
        "tips_missing",
    ),
)
FAULTS: dict[str, tuple[Induce, str, int]] = {
    "disk_full": (failing_folder(errno.ENOSPC), "is full; make room at once", 503),
    "folder_not_writable": (failing_folder(errno.EROFS), "Read-only file system", 503),
    "folder_not_writable ": (failing_folder(errno.EACCES), "who owns the folder", 503),
    "folder_not_writable  ": (failing_folder(errno.EIO), "look whether the disk failed", 503),
    "disk_nearly_full": (patched("shutil.disk_usage", lambda _path: DISK), "less than disk_reserve_bytes", 200),
    "database_down": (failing_statement("main", "SELECT 1", "gone"), "database_url) does not answer", 503),
    "key_store_down": (failing_statement("keys", "SELECT 1", "gone"), "keys_url) does not answer", 503),
    "database_full": (
        failing_statement("main", "INSERT INTO key_canary", "database or disk is full"),
        "make room",
        503,
    ),
    "database_read_only": (
        failing_statement("keys", "INSERT INTO erased_tip", "attempt to write a readonly database"),
        "its server is a standby",
        503,
    ),
    "database_not_writable": (
        failing_statement("main", "INSERT INTO key_canary", "disk I/O error"),
        "into its log",
        503,
    ),
    "spool_filling": (spooled(8), "the spool holds 8 messages", 200),
    "spool_quarantined": (spooled(2, quarantine=True), "2 spooled messages could not be replayed", 200),
    "replies_wait": (
        rows(tables.outbox, {**REPLY, "state": "due", "attempts": 1, "due_at": OLD}),
        "1 replies were not sent",
        200,
    ),
    "files_wait": (rows(tables.file, {**FILE, "state": "due", "attempts": 9, "due_at": 1 << 40}), "role worker", 200),
    "deliveries_wait": (rows(tables.delivery, {**DELIVERY, "state": "due", "due_at": OLD}), "sink's plugin", 200),
    "dead_letters": (
        rows(tables.delivery, {**DELIVERY, "state": "dead_letter", "due_at": OLD}),
        "1 deliveries were given up; `satark deliveries dead`",
        200,
    ),
    "destination_down:email": (
        rows(tables.open_breaker, {**BREAKER, "destination": "email:cell"}),
        "the destination email is down",
        200,
    ),
    "destination_down:rabbitmq": (
        rows(tables.open_breaker, {**BREAKER, "destination": "rabbitmq:sp"}),
        "the destination rabbitmq is down",
        200,
    ),
    "destination_down:police_system": (
        rows(tables.open_breaker, {**BREAKER, "destination": "police_system:cctns"}),
        "`satark deliveries list` says what waits",
        200,
    ),
    "clock_wrong": (clock_set, "the clock was set by 24 hours", 200),
    "clock_wrong ": (
        patched("satark.runtime.dependency_faults.server_time", lambda _services: time.time() - 86_400),
        "is off by 24 hours against the database's",
        200,
    ),
    "certificate_ends": (
        patched(CERTIFICATE, lambda *_: time.time() + 3 * 86_400),
        "the certificate of tips.example ends in 3 days; renew it",
        200,
    ),
    "public_address_down": (failing_address(OSError()), "public_url does not answer any more; look at the proxy", 200),
    "certificate_wrong": (failing_address(expired()), "is refused: certificate has expired; renew it", 200),
    "isolation_missing": (
        patched(ISOLATION, lambda: msgspec.structs.replace(ISOLATED, network=False)),
        "opened without: no network (user and network namespaces); stop the worker",
        200,
    ),
    "edge_key_wrong": (other_key("edge"), "is not the edge key that this database was written with", 503),
    "epoch_key_wrong": (unknown_epoch, "lacks keys that this database's drafts are sealed under", 503),
    "name_key_wrong": (other_key("names"), "put the right file there", 503),
    "file_gone:edge_key": (swapped_edge_key, "edge.key was replaced while Satark uses it; put the old file back", 503),
    "file_gone:epoch_keys": (without(""), "was moved or deleted", 503),
    "file_gone:data": (other_folder, "was replaced while Satark uses it", 503),
    "file_gone:database": (without("satark.db"), "satark.db was moved or deleted", 503),
    "file_gone:key_store": (without("keys.db"), "keys.db was moved or deleted", 503),
    "backup_old": (old_backup, "no backup was made for 3 days; the timer's log", 200),
    "drill_failed": (drilled("keys.age is missing", "more"), "keys.age is missing and 1 more; the timer's log", 200),
    "drill_old": (drilled(days=40), "no drill passed for 40 days; the timer's log", 200),
    "database_older": (older_copies, "main database lacks (1 of 2025-11-30): 1; restore the newer copy", 200),
    "tips_missing": (
        deleted_tip,
        "rows of which are gone, so that a desk lacks them, or altered: 1; find out who writes to the databases",
        200,
    ),
    "missing_unknown": (
        patched("satark.runtime.dependency_faults.missing_faults", unreadable_row),
        "the look for deleted tips failed twice",
        200,
    ),
    "machines_differ": (another_machine(), "see different rows in the databases: ? (00000000); find out who owns", 200),
    "machine_silent": (another_machine(hours=5), "no note came for hours: web-2 (00000000); see that they run", 200),
    "deliveries_missing": (kept_back, "nobody handles: 1; find out who writes to the databases", 200),
    "database_hangs": (hung, "does not answer, not even with an error; look whether its server is stopped", 503),
    "epoch_keys_asked": (
        rows(tables.epoch_machine, {"id": bytes(16), "recipient": bytes(60)}),
        "machines that ask for the epoch keys, and that nobody admitted: 1; yours: `satark keys admit` there",
        200,
    ),
    "epoch_keys_deleted": (deleted_list, "deleted epochs from the database's list, which would have ended drafts", 200),
    "epoch_keys_stay": (old_epoch, "1 epoch keys should be destroyed and are not", 200),
    "known_keys_stay": (
        patched("satark.runtime.key_faults._late_known_keys", lambda _services: 1),
        "did not change for a day: 1; a head of each signs in",
        200,
    ),
    "peer_fault:script": (peer_says, "script: Meta refuses the access token (code 190); mend that", 200),
    "provider_refuses:script": (settled(Misconfigured("190")), "its token was revoked", 200),
    "reply_refused:script:132001": (settled(Permanent("132001")), "a template is missing, paused or rejected", 200),
    "provider_alarm:script:131031": (alarmed("131031"), "reports a problem of the account, code 131031", 200),
    "provider_alarm:script:template-rejected": (alarmed("template-rejected"), "code template-rejected; look into", 200),
    "provider_alarm:script:quality-limit-lowered": (
        alarmed("quality-limit-lowered"),
        "runbook.md#the-provider-reports-a-problem",
        200,
    ),
    "provider_alarm:script:app-not-subscribed": (alarmed("app-not-subscribed"), "code app-not-subscribed", 200),
}
"""Code → how it is induced, a part of the operator's message, and the answer of /readyz meanwhile."""


def test_a_file_that_came_after_the_start_is_watched_from_then_on(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    watch = FileWatch({"data": folder})
    assert list(watch.faults()) == []
    folder.mkdir()
    assert list(watch.faults()) == []
    folder.rename(tmp_path / "moved")
    folder.mkdir()
    assert [one.code for one in watch.faults()] == ["file_gone:data"]


async def test_an_address_that_this_machine_never_reached_is_no_fault(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, plugins=(), public_url="https://localhost:1/")
    host = Host(settings, frozenset[Role]({"desk"}))
    host.fault_watch._certificate_due = 0.0
    async with host.running():
        await host.fault_watch.look_once()
        assert host.metrics.faults.current == []
        assert host.fault_watch._certificate_due > time.monotonic() + UNREACHED_EVERY / 2


@pytest.mark.parametrize("code", FAULTS)
async def test_a_fault_and_its_end_are_reported(running: Running, code: str) -> None:
    induce, words, status = FAULTS[code]
    code = code.strip()
    running.host.metrics.faults._clock = time.monotonic
    await look(running)
    assert (await ready(running)).status_code == 200
    with capture_logs() as logged:
        with induce(running):
            await look(running)
            await look(running)
            lines = [entry["event"] for entry in logged if entry.get("code") == code and "fault" in entry["event"]]
            assert len(lines) == 1
            assert words in lines[0]
            answer = await ready(running)
            assert answer.status_code == status
            assert lines[0] in bytes(answer.body).decode()
            # Officers see that the machine has a fault, and nothing that another office's tip can have caused.
            assert running.host.metrics.faults.of_machine == code.startswith(MACHINE)
            assert f'satark_fault{{fault="{code}"}} 1.0' in running.host.metrics.render().decode()
        await look(running)
    assert [entry["event"][:13] for entry in logged if entry.get("code") == code][-1] == "fault is over"
    assert code not in bytes((await ready(running)).body).decode()
    assert f'satark_fault{{fault="{code}"}} 0.0' in running.host.metrics.render().decode()


async def test_a_background_task_that_fails_repeatedly_is_a_fault_until_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.api.background.RESTART_SECONDS", 0.0)
    host = scripted_host(Settings(data_dir=tmp_path), ScriptedChannel())
    failures = iter(range(4))

    async def evidence() -> None:
        for _ in failures:
            raise OSError("planted")
        await asyncio.Event().wait()

    host.background["evidence"] = evidence
    with capture_logs() as logged:
        async with host.running():
            await until(lambda: [fault.code for fault in host.metrics.faults.current] == ["task_fails:evidence"])
            host.metrics.faults._clock = lambda: time.monotonic() + ALARM_SECONDS
            await host.fault_watch.look_once()
    told = [entry["event"] for entry in logged if entry.get("code") == "task_fails:evidence"]
    assert "the background work `evidence` fails" in told[0]
    assert told[1].startswith("fault is over")


async def ready(running: Running) -> Any:
    return await running.status.readyz(None)  # type: ignore[arg-type]


async def test_a_forged_message_is_a_fault_once_its_band_is_over(tmp_path: Path) -> None:
    host = Host(Settings(data_dir=tmp_path, plugins=()), frozenset[Role]({"desk"}))
    host.metrics.forged.count("chat")
    async with host.running():
        await host.fault_watch.look_once()
        assert "messages_forged" not in [fault.code for fault in host.metrics.faults.current]
        host.metrics.forged.band._clock = lambda: time.time() + 6 * 3600
        await host.fault_watch.look_once()
        assert "messages_forged" in [fault.code for fault in host.metrics.faults.current]


async def test_a_planted_desk_is_counted_and_reported_while_it_exists(tmp_path: Path) -> None:
    host = Host(Settings(data_dir=tmp_path, plugins=()), frozenset[Role]({"desk"}))
    watch = host.fault_watch

    def shown() -> str:
        return next(line for line in host.metrics.render().decode().splitlines() if line.startswith("satark_roster_"))

    async with host.running():
        await watch.look_once()
        assert shown() == "satark_roster_alarms 0.0"
        planted = {
            "name": "watch",
            "title": "w",
            "level": "range",
            "area": "",
            "recipient": new_identity()[0],
            "via": "",
        }
        host.services.write_now(lambda unit: unit.insert(tables.desk, [planted]))
        await watch.look_once()
        assert shown() == "satark_roster_alarms 1.0"
        assert [one.code for one in host.metrics.faults.current] == ["roster_tampered"]
        host.services.write_now(lambda unit: unit.main.execute(delete(tables.desk)))
        await watch.look_once()
        assert shown() == "satark_roster_alarms 0.0"
        assert host.metrics.faults.current == []


async def test_each_look_stores_the_signed_heads_again_that_somebody_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(Settings(data_dir=tmp_path, plugins=()), frozenset[Role]({"desk"}))
    restored: list[Services] = []
    monkeypatch.setattr(host.services, "restore_heads", lambda: restored.append(host.services))
    async with host.running():
        await host.fault_watch.look_once()
    assert host.services in restored


def busy(*_args: Any) -> NoReturn:
    raise SnapshotBusy


async def test_who_keeps_the_comparison_of_counts_from_ending_is_told(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.runtime.dependency_faults.find_missing", lambda *_, **__: [])
    with older_copies(running):
        monkeypatch.setattr("satark.custody.comparison.consistent_snapshot", busy)
        await look(running)
        assert "missing_unknown" in running.host.metrics.faults.groups["missing"]
        monkeypatch.undo()
        await look(running)
    await look(running)
    assert not running.host.metrics.faults.groups["missing"]


def fail(*_args: Any) -> NoReturn:
    raise OperationalError("", {}, Exception())


def test_who_makes_each_look_fail_keeps_no_tip_out_of_the_machines_note(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.runtime.dependency_faults.queue_faults", fail)
    services = running.host.services
    services.write_now(lambda unit: unit.upsert(tables.tip_witness, [{"day": 20_423, "process": "note", "tips": 1}]))
    running.host.fault_watch._look()
    assert b"note" in (services.data_dir / "tips.witness").read_bytes()
    services.write_now(lambda unit: unit.keys.execute(delete(tables.tip_witness)))
    (services.data_dir / "tips.witness").unlink()
