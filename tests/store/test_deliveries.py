"""Deliveries that wait for files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from satark.store import deliveries, evidence_files, tables
from satark.store.unit_of_work import UnitOfWork
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import seed_file_state, seed_tip

TO = "email:cell"


def test_a_delivery_does_not_wait_for_a_file_that_is_settled_in_its_own_transaction(
    tmp_path: Path,
) -> None:
    services = fresh_services(tmp_path)
    seeded = seed_tip(services, [SeededDesk(services, "sp").desk], evidence=("1",))
    job: Any = SimpleNamespace(tip=seeded.id, ordinal="1")
    seed_file_state(services, seeded, "1", "due")

    def together(unit: UnitOfWork) -> None:
        unit.queue(tables.delivery, [deliveries.new_row(seeded.id, TO, unit.now, wait=600)])
        evidence_files.mark_lost(unit, job, "gone")

    services.write_now(together)
    query = select(tables.delivery.c.reason).where(tables.delivery.c.destination == TO)
    assert services.read(lambda c: c.execute(query).scalar()) == ""
    services.close()
