"""`satark check` connects to mail server, broker and police systems, and names those that don't take what is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from satark_testing.commands import run
from support.desks import SeededDesk
from support.store import fresh_services

NOWHERE = {
    "SATARK_EMAIL__HOST": "127.0.0.1",
    "SATARK_EMAIL__PORT": "1",
    "SATARK_EMAIL__TLS": "none",
    "SATARK_EMAIL__SENDER": "satark@tips.example",
    "SATARK_EMAIL__RECIPIENTS": "sp@up.example",
    "SATARK_RABBITMQ__URL": "amqp://guest:secretword@127.0.0.1:1/",
}


def test_whoever_can_not_be_reached_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["email", "rabbitmq"]')
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)
    run("db", "upgrade")
    services = fresh_services(data)
    SeededDesk(services, "dig", "range")
    services.close()
    printed = run("check", "--json", code=1).stdout
    found = {one["setting"]: one["message"] for one in map(json.loads, printed.splitlines())}
    assert found["email"].startswith("the mail server 127.0.0.1:1 does not take our mail (SMTPConnectError)")
    assert found["rabbitmq"].startswith("the broker does not take us (")
    assert "secretword" not in printed
    assert run("check", "--json", "--role", "web").stdout == ""
