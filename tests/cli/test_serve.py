"""`satark serve`: its options and its first log lines."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import sys
from pathlib import Path

import pytest

from satark.cli.serve import lifetime_of
from satark.runtime.http_server import FORGET_SECONDS
from satark.settings.core import Core
from satark_testing.processes.service import Service
from satark_testing.waiting import until
from support.commands import run
from support.desks import SeededDesk
from support.store import fresh_services


@pytest.mark.parametrize("role", ["nobody", "web,nobody", ""])
def test_a_wrong_role_is_reported(data: Path, role: str) -> None:
    assert "is not one of web, worker, desk" in run("serve", "--role", role, code=2).stderr


def test_the_desk_is_not_served_by_several_processes(data: Path) -> None:
    assert "run --role desk separately" in run("serve", "--workers", "2", code=2).stderr
    assert not data.exists()


def test_the_desk_alone_waits_until_nobody_is_signed_in_and_other_roles_twice_their_time() -> None:
    core = Core(epoch_minutes=2, process_epochs=4)
    assert lifetime_of(core, {"desk"}) == (480, math.inf, 120)
    assert lifetime_of(core, {"desk", "web"}) == (480, 960, 120)
    assert lifetime_of(Core(), {"desk"}).after_use == FORGET_SECONDS
    assert lifetime_of(Core(process_epochs=0), {"web"})[:2] == (math.inf, math.inf)


@pytest.mark.full("several processes")
async def test_a_process_that_ends_is_replaced_and_all_end_with_the_first(data: Path) -> None:
    satark = str(Path(sys.executable).with_name("satark"))
    service = Service(data, {}, [satark, "serve", "--role", "web", "--workers", "2"])
    async with service:
        before = set(workers(service))
        os.kill(min(before), signal.SIGKILL)
        await until(lambda: len(set(workers(service)) - before) == 1)
        assert not has_program(service.pid), "what only watches holds no program"
        assert has_program(max(before))
        running = workers(service)
        await service.kill()
        await until(lambda: not any(map(runs, running)))


def has_program(pid: int) -> bool:
    """Whether the server's program is in a process's memory."""
    return "sqlalchemy" in Path(f"/proc/{pid}/maps").read_text()


def runs(pid: int) -> bool:
    """Whether a process runs. The command line of an ended process is empty or missing."""
    return bool(command_of(pid))


def command_of(pid: int) -> bytes:
    """Return a process's command line; empty for an ended process."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def workers(service: Service) -> list[int]:
    """Return the ids of the processes that serve for a service."""
    children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"satark.cli.serve" in command_of(int(pid))]


@pytest.mark.slow("a process")
def test_serve_logs_its_address_and_warns_without_a_desk(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark.runtime.http_server.uvicorn.run", lambda *_, **__: None)
    logged = [json.loads(line) for line in run("serve", "--port", "0", "--role", "web,worker").stderr.splitlines()]
    assert [(line["event"].split(":")[0], line.get("role"), line.get("host")) for line in logged] == [
        ("serving", "web,worker", "127.0.0.1"),
        ("no desk", None, None),
    ]
    services = fresh_services(data)
    SeededDesk(services, "sp")
    services.close()
    assert "no desk" not in run("serve", "--port", "0").stderr
