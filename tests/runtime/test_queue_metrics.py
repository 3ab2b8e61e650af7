"""What `/metrics` tells of deliveries: by sink, with no name that the configuration does not hold."""

from __future__ import annotations

from pathlib import Path

import aiohttp
from sqlalchemy import update

from satark.api.destination_rule import DestinationRule
from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.core import PUBLIC_METRICS, Role
from satark.settings.settings import Settings
from satark.store import breakers, deliveries, tables
from satark.store.unit_of_work import UnitOfWork
from satark_testing.processes.serving import serve


def host(folder: Path) -> Host:
    destination_rules = (DestinationRule(to="email:cell", desk="sp"),)
    settings = Settings(
        data_dir=folder,
        plugins=(),
        destination=destination_rules,
        alarm_to=("email:operator",),
        metrics_listen=PUBLIC_METRICS,
    )
    return Host(settings, frozenset[Role]({"desk"}))


def queue(unit: UnitOfWork) -> None:
    rows = [deliveries.new_row(tip * 32, to, unit.now) for tip, to in (("1", "desk:sp"), ("1", "email:cell"))]
    rows += [deliveries.new_row("2" * 32, to, unit.now) for to in ("desk:dig", "email:cell", "paper:planted")]
    unit.insert(tables.delivery, rows)
    second_email = (tables.delivery.c.tip == "2" * 32, tables.delivery.c.destination == "email:cell")
    unit.main.execute(update(tables.delivery).where(*second_email).values(state="dead_letter"))
    for destination in ("email:cell", "paper:planted"):
        breakers.open_breaker(unit, destination, "no route")


async def lines(url: str) -> set[str]:
    async with aiohttp.ClientSession() as client, client.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    return {line for line in text.splitlines() if line.startswith(("satark_deliveries_", "satark_destinations_"))}


async def test_metrics_count_what_waits_what_was_dead_lettered_and_what_is_down(tmp_path: Path) -> None:
    made = host(tmp_path)
    async with serve(build_app(made)) as url:
        assert await lines(url) == {
            'satark_deliveries_waiting{sink="email"} 0.0',
            'satark_deliveries_dead_lettered{sink="email"} 0.0',
            'satark_destinations_down{destination="email:cell"} 0.0',
            'satark_destinations_down{destination="email:operator"} 0.0',
        }
        made.services.write_now(queue)
        found = await lines(url)
        assert found == {
            'satark_deliveries_waiting{sink="desk"} 2.0',
            'satark_deliveries_waiting{sink="email"} 1.0',
            'satark_deliveries_waiting{sink="paper"} 1.0',
            'satark_deliveries_dead_lettered{sink="desk"} 0.0',
            'satark_deliveries_dead_lettered{sink="email"} 1.0',
            'satark_deliveries_dead_lettered{sink="paper"} 0.0',
            'satark_destinations_down{destination="email:cell"} 1.0',
            'satark_destinations_down{destination="email:operator"} 0.0',
            'satark_destinations_down{destination="paper"} 1.0',
        }
        made.services.write_now(lambda unit: breakers.close_breaker(unit, "email:cell"))
        assert 'satark_destinations_down{destination="email:cell"} 0.0' in await lines(url)


async def test_metrics_answer_while_the_database_does_not(tmp_path: Path) -> None:
    made = host(tmp_path)
    async with serve(build_app(made)) as url:
        assert await lines(url)
        made.services.write_now(lambda unit: tables.open_breaker.drop(unit.main))
        assert await lines(url) == set(), "what nobody knows is not told as if it were so"
