"""The roster watch counts what was tampered with, and notifies the operators."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import delete, select

from satark.api.sealing import new_identity
from satark.runtime.fault_watch import RosterWatch
from satark.runtime.host import Host
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.store import tables

OPERATOR = "email:operator"


async def test_a_planted_desk_is_counted_while_it_is_there_and_the_operators_get_one_alarm(tmp_path: Path) -> None:
    host = Host(Settings(data_dir=tmp_path, plugins=()), frozenset[Role]({"desk"}))
    watch = RosterWatch(host.services, host.metrics, (OPERATOR,))
    rows = select(tables.delivery.c.tip, tables.delivery.c.destination)

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
        await watch.look_once()
        assert shown() == "satark_roster_alarms 1.0"
        ((tip, destination),) = host.services.read(lambda c: c.execute(rows).all())
        assert (tip.partition(":")[0], destination) == ("alarm", OPERATOR)
        host.services.write_now(lambda unit: unit.main.execute(delete(tables.desk)))
        await watch.look_once()
        assert shown() == "satark_roster_alarms 0.0"
