"""`satark deliveries`: lists and retries."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from satark.services import Services
from satark.store import breakers, tables
from support.commands import run
from support.store import fresh_services

ID = b"0123456789abcdef"


def _store(data: Path, *states: str) -> Services:
    """Create the databases, with one delivery in each of these states."""
    services = fresh_services(data)
    for n, state in enumerate(states):
        row = {"id": bytes([n]) + ID[1:], "tip": "t", "destination": f"desk:d{n}", "revision": 1, "state": state}
        rest = {"attempts": 3, "due_at": 0, "reason": "destination unavailable"}
        services.write_now(lambda unit, row={**row, **rest}: unit.insert(tables.delivery, [row]))  # type: ignore[misc]
    return services


def test_deliveries_are_listed(data: Path) -> None:
    _store(data, "due", "dead_letter", "done").close()
    lines = run("deliveries", "list").stdout.splitlines()
    assert len(lines) == 2
    assert "destination unavailable" in lines[0]
    dead = [json.loads(line) for line in run("deliveries", "dead", "--json").stdout.splitlines()]
    assert [(one["destination"], one["state"], one["attempts"]) for one in dead] == [("desk:d1", "dead_letter", 3)]


def test_a_delivery_that_is_held_back_is_listed_with_the_destination_that_is_down(data: Path) -> None:
    services = _store(data, "due", "blocked", "due", "dead_letter")
    services.write_now(lambda unit: breakers.open_breaker(unit, "desk:d0", "ConnectError"))
    services.close()
    lines = run("deliveries", "list").stdout.splitlines()
    assert re.fullmatch(r"desk:d0 is down for 0 min, next try in 1\d s  ConnectError", lines[0])
    states = [re.split(r" {2,}", line)[-2] for line in lines[1:]]
    assert states == [
        "held back: its destination is down",
        "held back: an earlier revision is on its way",
        "next in 0 s",
        "dead letter",
    ]
    down, *rows = (json.loads(line) for line in run("deliveries", "list", "--json").stdout.splitlines())
    assert (down["state"], down["destination"], down["failures"]) == ("down", "desk:d0", 1)
    assert [row["destination_down"] for row in rows] == [True, False, False, False]
    assert len(run("deliveries", "list", "--to", "desk:d0").stdout.splitlines()) == 2
    assert len(run("deliveries", "list", "--to", "desk:d2").stdout.splitlines()) == 1
    assert len(run("deliveries", "dead").stdout.splitlines()) == 1


def test_an_empty_list_is_reported(data: Path) -> None:
    _store(data).close()
    assert run("deliveries", "list").stdout == "no waiting deliveries, no dead letters\n"
    assert run("deliveries", "list", "--json").stdout == ""


@pytest.mark.slow("a whole command")
def test_a_dead_letter_is_retried(data: Path) -> None:
    _store(data, "dead_letter", "dead_letter", "due").close()
    first = (b"\0" + ID[1:]).hex()
    assert run("deliveries", "retry", first).stdout == "1 to be tried again\n"
    assert run("deliveries", "retry", first, code=1).stdout == "0 to be tried again\n"
    assert run("deliveries", "retry", "--to", "desk:d2", code=1).stdout == "0 to be tried again\n"
    assert run("deliveries", "retry", "--to", "desk:d1").stdout == "1 to be tried again\n"
    assert run("deliveries", "retry", "--all", code=1).stdout == "0 to be tried again\n"
    assert "no dead letters" in run("deliveries", "dead").stdout


@pytest.mark.parametrize("arguments", [(), ("ab", "--all"), ("--to", "desk:d0", "--all"), ("not hex",)])
def test_a_delivery_to_retry_must_be_named(data: Path, arguments: tuple[str, ...]) -> None:
    _store(data).close()
    assert "Usage" in run("deliveries", "retry", *arguments, code=2).stderr
