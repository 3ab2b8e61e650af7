"""`satark serve`: its options and its first log lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from satark.store import tables
from satark.testing.commands import run
from satark.testing.store import fresh_services


@pytest.mark.parametrize("role", ["nobody", "web,nobody", ""])
def test_a_wrong_role_is_reported(data: Path, role: str) -> None:
    assert "is not one of web, worker, desk" in run("serve", "--role", role, code=2).stderr


def test_several_processes_need_a_server_database(data: Path) -> None:
    assert "SATARK_DATABASE_URL" in run("serve", "--workers", "2", code=78).stderr


def test_it_logs_its_address_and_warns_without_a_desk(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark.runtime.http_server.uvicorn.run", lambda *_, **__: None)
    logged = [json.loads(line) for line in run("serve", "--port", "0", "--role", "web,worker").stderr.splitlines()]
    assert [(line["event"].split(":")[0], line.get("role"), line.get("host")) for line in logged] == [
        ("serving", "web,worker", "127.0.0.1"),
        ("no desk", None, None),
    ]
    services = fresh_services(data)
    row = {"name": "sp", "title": "SP", "level": "district", "area": "", "recipient": "age1"}
    services.write_now(lambda unit: unit.insert(tables.desk, [row]))
    services.close()
    assert "no desk" not in run("serve", "--port", "0").stderr
