"""Changes of tips: a desk sees each one, in whatever order transactions commit."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from satark.api.tip import Message
from satark.services import Services
from satark.store import tables, tip_changes
from satark.store.threads import post
from satark.store.unit_of_work import unit_of_work
from satark_testing.waiting import until
from support.desks import SeededDesk
from support.tips import SeededTip, seed_message, seed_tip

NOTE = Message(sender="desk", desk="sp", text="noted", internal=True)


@pytest.fixture
def sp(services: Services) -> SeededDesk:
    return SeededDesk(services, "sp")


def mark(services: Services) -> int:
    return services.read(tip_changes.mark)


def tips_since(services: Services, seen: int) -> set[str]:
    return set(services.read(lambda c: tip_changes.since(c, seen)).tips)


async def settled(services: Services) -> int:
    """Wait until no committed change is seen again; return the mark.

    On PostgreSQL every transaction that is open on the server holds the mark back, those of other tests too.
    """
    await until(lambda: not tips_since(services, mark(services)))
    return mark(services)


async def test_a_change_is_seen_from_an_earlier_mark_and_not_from_a_later_one(
    services: Services, sp: SeededDesk
) -> None:
    start = mark(services)
    one, two = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk])
    assert tips_since(services, start) == {one.id, two.id}
    later = await settled(services)
    seed_message(services, two, NOTE)
    assert tips_since(services, later) == {two.id}


def test_the_erasure_of_the_tip_that_changed_last_is_seen(services: Services, sp: SeededDesk) -> None:
    one = seed_tip(services, [sp.desk])
    seen = mark(services)
    services.write_now(lambda unit: tip_changes.note_erasure(unit, one.id))
    changes = services.read(lambda c: tip_changes.since(c, seen))
    assert changes.erased
    two = seed_tip(services, [sp.desk])
    assert tips_since(services, changes.mark) == {two.id}


# SQLite has one writer: transactions commit in the order in which they begin.
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_mark_misses_no_change_that_began_before_it_and_was_committed_later(
    services: Services, sp: SeededDesk
) -> None:
    early, late = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk])
    seen = await settled(services)
    with unit_of_work(services.main, services.keys) as slow:
        post(slow, early.id, NOTE, early.recipient)
        seed_message(services, late, NOTE)
        changes = services.read(lambda c: tip_changes.since(c, seen))
        assert changes.tips == {late.id}
    assert early.id in tips_since(services, changes.mark)


def test_a_draft_leaves_no_row(services: Services) -> None:
    services.write_now(lambda unit: tip_changes.note(unit, "d" * 32))
    assert services.read(lambda c: c.execute(select(tables.tip_change)).all()) == []


def test_no_row_names_an_erased_tip(services: Services, sp: SeededDesk) -> None:
    seen, gone = mark(services), [seed_tip(services, [sp.desk]) for _ in range(2)]

    def erase(unit: Any) -> None:
        for tip in gone:
            tip_changes.note_erasure(unit, tip.id)

    services.write_now(erase)
    changes = services.read(lambda c: tip_changes.since(c, seen))
    assert changes.erased
    assert not changes.tips


async def test_old_changes_are_deleted_and_a_desk_that_is_too_far_behind_reads_everything(
    services: Services, sp: SeededDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip_changes, "KEPT", 3)
    start, seeded = mark(services), seed_tip(services, [sp.desk])
    _post(services, seeded, 2)
    assert services.read(lambda c: tip_changes.since(c, start)).everything
    recent = await settled(services)
    _post(services, seeded, 2)
    services.write_now(tip_changes.prune)
    assert services.read(lambda c: tip_changes.since(c, start)).everything
    assert not services.read(lambda c: tip_changes.since(c, recent)).everything
    assert len(services.read(lambda c: c.execute(select(tables.tip_change)).all())) == 3


def _post(services: Services, seeded: SeededTip, times: int) -> None:
    for _ in range(times):
        seed_message(services, seeded, NOTE)
