"""A desk sees the faults of its own destinations, and nothing that another desk's tip caused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from satark.api.routing import DestinationRule
from satark.identity.time_buckets import band
from satark.services import Services
from satark.store import breakers, deliveries, tables
from satark.store.destination_faults import DestinationFault, destination_faults
from satark.store.unit_of_work import UnitOfWork
from support.store import fresh_services

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
        unit.insert(tables.delivery, [deliveries.new_row(tip, to, unit.now) for tip in tips])
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
        DestinationFault(destination="email:cell", down=since, waiting=2),
        DestinationFault(destination="paper:sp", dead_letters=1, dead_since=since),
    ]


@pytest.mark.parametrize("to", ["folder:sp", "email:dig", "police:anybody", "desk:dig", "desk:xsp"])
def test_a_desk_sees_nothing_of_another_desks_destinations(to: str, services: Services) -> None:
    queue(services, to, TIP, down=True)
    queue(services, to, OTHER, dead=True)
    assert faults_seen_by(services, "sp") == []


def test_an_alarm_about_another_desk_does_not_show_at_its_destination(services: Services) -> None:
    queue(services, "email:cell", "alarm:500000", down=True)
    assert faults_seen_by(services, "sp") == []
    queue(services, "email:cell", TIP)
    (trouble,) = faults_seen_by(services, "sp")
    assert trouble.waiting == 1


def test_a_waiting_notice_shows_that_its_destination_is_down_but_counts_as_no_tip(services: Services) -> None:
    queue(services, "email:cell", "notice:2026-11-24T09", down=True)
    (trouble,) = faults_seen_by(services, "sp")
    assert (bool(trouble.down), trouble.waiting) == (True, 0)
