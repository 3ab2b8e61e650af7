"""Nobody who writes rows keeps a delivery, a file or a reply from going out without a fault."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, update

from satark.api.routing import DestinationRule
from satark.api.sealing import new_identity
from satark.identity.time_buckets import BAND_HOURS, band_end
from satark.runtime.dependency_faults import WaitWatch, queue_faults
from satark.services import Services
from satark.store import breakers, deliveries, envelopes, tables
from satark.store.unit_of_work import UnitOfWork, shorten_waits
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import SeededTip, seed_file_state, seed_tip

HOURS = 7200.0
NEVER = {"due_at": 1 << 40, "wait": 1 << 30}
PUSH = DestinationRule(to="push:sp", desk="sp")
READER = DestinationRule(to="police_system:sp", desk="sp", recipient=new_identity()[0])


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path, destination=[PUSH])
    yield services
    services.close()


@pytest.fixture
def tip(services: Services) -> SeededTip:
    """A tip of today, with a delivery to a destination that this machine has noted yesterday."""
    tip = seed_tip(services, [SeededDesk(services, "sp").desk], evidence=("1",))
    services.write_now(lambda unit: unit.main.execute(update(tables.tip).values(day=unit.day)))
    services.write_now(lambda unit: deliveries.add(unit, tip.id, PUSH.to))
    noted = msgspec.json.encode({"destinations": {PUSH.to: int(time.time()) // 86_400 - 1}})
    (services.data_dir / "waits.seen").write_bytes(noted)
    return tip


def late(services: Services) -> list[str]:
    """Return the faults of looks over hours, each by a process that replaced the last one."""
    now = band_end(int(time.time()))
    assert look(services, now - 1) == look(services, now + HOURS - 2) == look(services, now + HOURS - 1) == []
    return look(services, now + HOURS)


def look(services: Services, now: float) -> list[str]:
    return [one.text for one in WaitWatch(services, HOURS).faults(now)]


def finish(services: Services) -> None:
    def write(unit: UnitOfWork) -> None:
        deliveries.mark_done(unit, [row.id for row in unit.main.execute(tables.delivery.select()).all()])

    services.write_now(write)


@pytest.mark.usefixtures("tip")
@pytest.mark.parametrize(
    "attack",
    [
        update(tables.delivery).values(NEVER),
        update(tables.delivery).values(state="blocked"),
        update(tables.delivery).values(state="done", wait=0),
        delete(tables.delivery),
    ],
    ids=["put off", "blocked", "called done", "deleted"],
)
def test_a_delivery_that_a_row_keeps_back_is_a_fault(services: Services, attack: object) -> None:
    services.write_now(lambda unit: unit.main.execute(attack))  # type: ignore[call-overload]
    assert queue_faults(services, frozenset()) == []
    assert late(services) == ["deliveries, files and replies that nobody handles: 1"]


@pytest.mark.usefixtures("tip")
def test_a_delivery_that_was_made_is_no_fault_and_vouches_for_no_other(services: Services) -> None:
    finish(services)
    assert late(services) == []
    services.write_now(lambda unit: unit.main.execute(update(tables.delivery).values(revision=2)))
    assert late(services) != []


def test_a_file_or_a_reply_that_a_row_keeps_back_is_a_fault(services: Services, tip: SeededTip) -> None:
    finish(services)
    seed_file_state(services, tip, "1", "due")
    reply = {"id": b"r" * 16, "position": 1, "conversation": b"c", "call": b"", "must_arrive": True, "reason": ""}
    row = {**reply, "state": "due", "attempts": 0, **NEVER}
    services.write_now(lambda unit: unit.insert(tables.outbox, [row]))
    services.write_now(lambda unit: unit.main.execute(update(tables.file).values(NEVER)))
    assert late(services) == ["deliveries, files and replies that nobody handles: 2"]


def test_a_row_that_is_put_back_to_the_cover_of_before_is_a_fault(services: Services, tip: SeededTip) -> None:
    finish(services)
    services.destination_rules = (READER,)

    def give(unit: UnitOfWork) -> None:
        deliveries.add(unit, tip.id, READER.to, kind="cover")
        row = tables.delivery.c.destination == READER.to
        cover = unit.main.execute(tables.delivery.select().where(row)).mappings().one()
        envelopes.store(unit, tip.id, READER.to, b"an envelope")
        deliveries.add(unit, tip.id, READER.to, again=True)
        unit.main.execute(update(tables.delivery).where(row).values(cover))

    services.write_now(give)
    finish(services)
    assert late(services) == ["deliveries, files and replies that nobody handles: 1"]


def test_an_old_tip_without_a_row_is_a_fault(services: Services, tip: SeededTip) -> None:
    finish(services)
    day = int(time.time()) // 86_400
    (services.data_dir / "waits.seen").write_bytes(msgspec.json.encode({"destinations": {PUSH.to: day - 60}}))
    services.write_now(lambda unit: unit.main.execute(update(tables.tip).values(day=unit.day - 50)))
    assert late(services) == []
    services.write_now(lambda unit: unit.main.execute(delete(tables.delivery).where(tables.delivery.c.tip == tip.id)))
    assert late(services) == ["deliveries, files and replies that nobody handles: 1"]


@pytest.mark.slow("a whole process")
@pytest.mark.usefixtures("tip")
def test_a_row_that_calls_the_destination_down_at_each_look_hides_nothing_for_more_than_a_day(
    services: Services,
) -> None:
    services.write_now(lambda unit: unit.main.execute(update(tables.delivery).values(NEVER)))
    start, found = band_end(int(time.time())), list[int]()
    for hour in range(26):
        services.write_now(lambda unit: breakers.open_breaker(unit, PUSH.to, "down"))
        found += [hour] * len(look(services, start + hour * 3600 - 1))
        services.write_now(lambda unit: breakers.close_breaker(unit, PUSH.to))
    assert found == [25]


def test_the_note_of_what_waits_tells_no_hour(services: Services, tip: SeededTip) -> None:
    start = band_end(int(time.time()))
    for hour in range(BAND_HOURS):
        other = seed_tip(services, [services.desks()[0]])
        services.write_now(lambda unit, one=other.id: deliveries.add(unit, one, PUSH.to))  # type: ignore[misc]
        assert look(services, start + hour * 3600) == []
    noted = msgspec.json.decode((services.data_dir / "waits.seen").read_bytes())["since"]
    assert (len(noted), set(noted.values())) == (BAND_HOURS + bool(tip), {start + BAND_HOURS * 3600})


@pytest.mark.usefixtures("tip")
def test_no_row_puts_a_delivery_off_for_more_than_two_days(services: Services) -> None:
    services.write_now(lambda unit: unit.main.execute(update(tables.delivery).values(NEVER)))
    services.write_now(shorten_waits)
    (row,) = services.read(lambda c: c.execute(tables.delivery.select()).all())
    assert row.due_at - time.time() <= 2 * 86_400


@pytest.mark.usefixtures("tip")
@pytest.mark.parametrize("seconds", [HOURS, -HOURS])
def test_nothing_waits_while_the_machine_is_off_or_its_clock_is_wrong(services: Services, seconds: float) -> None:
    services.write_now(lambda unit: unit.main.execute(update(tables.delivery).values(NEVER)))
    assert look(services, time.time()) == look(services, time.time() + seconds) == []
