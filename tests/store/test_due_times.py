"""The due times of deliveries tell no carrier and no dump the second in which a tip came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from satark.api.routing import HERE, CoveredRule, DestinationRule
from satark.services import Services
from satark.store import deliveries, due_times, tables
from satark.store.unit_of_work import UnitOfWork, shorten_waits
from support.store import fresh_services

MAIL, COPY, OFFICE, TIP = "email:cell", "rabbitmq:dig", "rabbitmq:lanka", "f" * 32
HALF_HOUR, FIVE_MINUTES = 1800, 300


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    rules = (DestinationRule(to=MAIL, desk="sp"), CoveredRule(to=COPY, desk="dig"))
    opened = fresh_services(tmp_path, destination=rules, delivery_minutes=30, office_minutes=5)
    yield opened
    opened.close()


def delay(services: Services, destination: str, tip: str = TIP, *, now: int = 1_790_000_000, **how: Any) -> int:
    def ask(unit: UnitOfWork) -> int:
        unit.now = now
        return due_times.when_due(unit, tip, destination, **how)["due_at"] - now

    return services.write_now(ask)


@pytest.mark.slow("whole databases")
@pytest.mark.parametrize(("to", "every"), [(MAIL, HALF_HOUR), (COPY, FIVE_MINUTES), (OFFICE, FIVE_MINUTES)])
def test_messages_for_a_destination_go_out_at_one_moment_of_each_span(services: Services, to: str, every: int) -> None:
    start = 1_790_000_000 // every * every
    moments = {now + delay(services, to, now=now) for now in range(start - 1, start + 20 * every, every // 30)}
    assert [at // every for at in sorted(moments)] == [*range(start // every, start // every + len(moments))]
    assert len({at % every for at in moments}) > 10, "nobody without the name key knows them"


@pytest.mark.parametrize(
    ("to", "tip"),
    [(HERE, TIP), (MAIL, "notification:1790000000"), ("email:operator", "alarm:1790000000")],
)
def test_messages_that_tell_of_no_tip_or_leave_no_machine_go_out_at_once(services: Services, to: str, tip: str) -> None:
    assert delay(services, to, tip) == 0


def test_an_urgent_tip_goes_out_at_once_but_not_to_offices_one_of_which_must_not_have_it(services: Services) -> None:
    assert delay(services, MAIL, is_urgent=True) == 0
    assert delay(services, OFFICE, is_urgent=True) == delay(services, OFFICE) > 0
    assert delay(services, OFFICE, f"erased:{TIP}:term") == delay(services, OFFICE)


def test_no_column_tells_the_second_or_that_a_tip_is_urgent(services: Services) -> None:
    waits = {
        services.write_now(lambda unit, urgent=urgent: due_times.when_due(unit, TIP, MAIL, is_urgent=urgent)["wait"])  # type: ignore[misc]
        for urgent in (True, False)
    }
    assert waits == {2 * HALF_HOUR}


def test_a_message_that_nobody_accepts_loses_its_second(services: Services) -> None:
    def wait(unit: UnitOfWork) -> list[int]:
        rows = [
            deliveries.new_row(unit.keys, TIP, to, unit.now - late)
            for to, late in ((MAIL, 1000), (COPY, 100), (OFFICE, 0))
        ]
        unit.insert(tables.delivery, rows)
        shorten_waits(unit)
        query = select(tables.delivery.c.due_at).order_by(tables.delivery.c.destination)
        return [unit.now - at for at in unit.main.execute(query).scalars()]

    def band(unit: UnitOfWork) -> int:
        return (unit.now - 1000) % (6 * 3600) + 1000

    mail, *recent = services.write_now(wait)
    assert mail == pytest.approx(services.write_now(band), abs=60)
    assert recent == [100, 0]
