"""The plugin's own tables on both databases: officers, queue and read state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark.api.sink import Delivery, Done
from satark.casework import Casework
from satark_desk import plugin
from satark_desk.officers import NewDesk, NewOfficer, add_officer, make_desk, remove_officer, unlock
from satark_desk.read_state import mark_read, queue_entries, read_states
from satark_desk.sink import DeskSink
from support.store import fresh_services, worker_context
from support.tips import seed_tip


@pytest.mark.slow("keys of several officers")
async def test_a_desk_works_on_either_database(tmp_path: Path, databases: Any) -> None:
    services = fresh_services(
        tmp_path / "data", plugin.satark_migrations(), database_url=databases.main, keys_url=databases.keys
    )
    make_desk(
        services, NewDesk(name="sp", title="SP", level="district", area="", officer="a", passphrase="first passphrase")
    )
    first = unlock(services, "sp", "a", "first passphrase")
    add_officer(services, first, NewOfficer(name="b", passphrase="another passphrase"))
    seeded = seed_tip(services, [first.desk])
    remove_officer(services, first, "b")
    unlocked = unlock(services, "sp", "a", "first passphrase")
    casework = Casework(services, "sp", unlocked.identity)
    (summary,) = casework.summaries()
    tip = casework.open(seeded.number)
    assert summary.header.number == seeded.number

    for _ in range(2):
        services.write_now(lambda unit: mark_read(unit, "sp", "a", tip))
    cache = casework.cache
    states = services.read(lambda c: read_states(c, "sp", "a", cache.tips, cache))
    assert {tip: (one.revision, one.last_message) for tip, one in states.items()} == {seeded.id: (1, 0)}

    context = worker_context(services)
    context.writer.start()
    delivery = Delivery(
        idempotency_key="k",
        tip=seeded.id,
        destination="desk:*",
        desk="*",
        revision=1,
        attempt=1,
        envelope=b"",
        document=b"sealed",
    )
    for _ in range(2):
        assert await DeskSink(context).deliver(delivery) == Done()
    await context.writer.stop()
    assert list(services.read(lambda c: queue_entries(c, [seeded.id]))) == [seeded.id]
    services.main.dispose()
    services.keys.dispose()
