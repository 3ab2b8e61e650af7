"""An open circuit breaker is one row for all processes: one trial at a time, each after a longer pause."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from satark.api.routing import DestinationRule
from satark.identity.time_buckets import band
from satark.services import Services
from satark.store import breakers, deliveries, tables
from satark.store.breakers import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    TRIAL_LEASE,
    DestinationFault,
    OpenBreaker,
    claim_trial,
    close_breaker,
    destination_faults,
    open_breaker,
    read_open_breakers,
    record_failed_trial,
)
from satark.store.unit_of_work import UnitOfWork
from support.store import fresh_services

MAIL = "email:sp"


def at(services: Services, now: int, act: Any, *arguments: str) -> Any:
    """Run a function in a transaction at a time."""

    def run(unit: UnitOfWork) -> Any:
        unit.now = now
        return act(unit, *arguments)

    return services.write_now(run)


def test_a_breaker_opens_once_and_closes_once(services: Services) -> None:
    assert at(services, 1000, open_breaker, MAIL, "refused")
    assert not at(services, 1001, open_breaker, MAIL, "refused")
    found = services.read(read_open_breakers)
    assert found == {
        MAIL: OpenBreaker(destination=MAIL, since=1000, half_open_at=1000 + FIRST_PAUSE, failures=1, reason="refused")
    }
    assert at(services, 1002, close_breaker, MAIL)
    assert not at(services, 1003, close_breaker, MAIL)


def test_a_trial_is_claimed_by_one_process_until_its_lease_ends(services: Services) -> None:
    at(services, 1000, open_breaker, MAIL, "refused")
    due = 1000 + FIRST_PAUSE
    assert not at(services, due - 1, claim_trial, MAIL)
    assert at(services, due, claim_trial, MAIL)
    assert not at(services, due, claim_trial, MAIL)
    assert at(services, due + TRIAL_LEASE, claim_trial, MAIL)
    assert not at(services, due, claim_trial, "email:dig")


def test_each_failed_trial_doubles_the_pause_up_to_the_longest(services: Services) -> None:
    at(services, 0, open_breaker, MAIL, "refused")
    pauses = []
    for _ in range(8):
        at(services, 0, record_failed_trial, MAIL, "x" * 500)
        pauses.append(services.read(read_open_breakers)[MAIL].half_open_at)
    assert pauses[:3] == [FIRST_PAUSE * 2, FIRST_PAUSE * 4, FIRST_PAUSE * 8]
    assert pauses[-1] == LONGEST_PAUSE
    assert len(services.read(read_open_breakers)[MAIL].reason) == 200


def test_a_failed_trial_of_a_closed_breaker_changes_nothing(services: Services) -> None:
    at(services, 0, record_failed_trial, MAIL, "refused")
    assert services.read(read_open_breakers) == {}


DESTINATIONS = (
    DestinationRule(to="email:cell", desk="sp"),
    DestinationRule(to="folder:sp", desk="dig"),
    DestinationRule(to="police:anybody"),
)
TIP, OTHER = "1" * 32, "2" * 32


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


def queue(services: Services, to: str, *tips: str, down: bool = False, dead: bool = False) -> str:
    def write(unit: UnitOfWork) -> str:
        unit.insert(tables.delivery, [deliveries.new_row(unit.keys, tip, to, unit.now) for tip in tips])
        if down:
            breakers.open_breaker(unit, to, "no route")
        if dead:
            here = update(tables.delivery).where(tables.delivery.c.destination == to)
            unit.main.execute(here.values(state="dead_letter"))
        return band(unit.now)

    return services.write_now(write)


def faults_seen_by(services: Services, desk: str) -> list[DestinationFault]:
    return services.read(lambda connection: destination_faults(connection, desk, DESTINATIONS))


def test_a_desk_sees_destinations_that_are_down_waiting_tips_and_dead_letters(services: Services) -> None:
    assert faults_seen_by(services, "sp") == []
    since = queue(services, "email:cell", TIP, OTHER, down=True)
    queue(services, "paper:sp", TIP, dead=True)
    queue(services, "desk:sp", TIP)
    assert faults_seen_by(services, "sp") == [
        DestinationFault(destination="email:cell", down=since),
        DestinationFault(destination="paper:sp", dead_letters=1, dead_since=since),
    ]


@pytest.mark.parametrize("to", ["folder:sp", "email:dig", "police:anybody", "desk:dig", "desk:xsp"])
def test_a_desk_sees_nothing_of_another_desks_destinations(to: str, services: Services) -> None:
    queue(services, to, TIP, down=True)
    queue(services, to, OTHER, dead=True)
    assert faults_seen_by(services, "sp") == []


@pytest.mark.parametrize("waiting", [(), (TIP,), (TIP, OTHER)])
def test_a_desk_sees_the_same_of_a_failed_destination_whatever_waits_for_it(
    waiting: tuple[str, ...], services: Services
) -> None:
    since = queue(services, "email:cell", *waiting, down=True)
    assert faults_seen_by(services, "sp") == [DestinationFault(destination="email:cell", down=since)]
