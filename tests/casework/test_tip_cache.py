"""Tip cache: only intact envelopes of the desk itself, with a tip, are listed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import bindparam, delete, select, update

from satark.api.tip import Message
from satark.casework import Casework, NoSuchTip, Progress, tip_cache
from satark.services import Services
from satark.store import envelopes, tables, tip_changes
from satark.store.unit_of_work import UnitOfWork
from satark_testing.waiting import until
from support.altering import altered
from support.desks import SeededDesk
from support.tips import SeededTip, erase, seed_message, seed_tip

_DAY: Final = update(tables.tip).where(tables.tip.c.id == bindparam("one")).values(day=bindparam("day"))


def numbers(office: SeededDesk) -> list[str]:
    return [summary.header.number for summary in office.casework.summaries()]


def tamper(services: Services, table: Any, seeded: SeededTip, **values: Any) -> None:
    column = table.c.id if "id" in table.c else table.c.tip
    if "desk" in values:
        values["holder"] = services.read_keys(lambda c: envelopes.tag(c, seeded.id, values.pop("desk")))
    statement = update(table).where(column == seeded.id).values(**values)
    if table is tables.envelope:
        statement = statement.where(table.c.sealed != b"")  # what vouches for the rows stays
    services.write_now(lambda unit: (unit.keys if table is tables.envelope else unit.main).execute(statement))


def test_a_moved_or_altered_envelope_is_counted_and_not_listed(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    mine, other, broken = seed_tip(services, [sp.desk]), seed_tip(services, [dig.desk]), seed_tip(services, [sp.desk])
    own = select(tables.envelope).where(tables.envelope.c.tip == mine.id, tables.envelope.c.sealed != b"")
    row = services.read_keys(lambda c: c.execute(own).one())
    tamper(services, tables.envelope, other, desk="sp", sealed=row.sealed)
    tamper(services, tables.envelope, broken, sealed=altered(row.sealed))
    assert numbers(sp) == [mine.number]
    assert sp.casework.cache.unreadable == 2
    with pytest.raises(NoSuchTip):
        sp.casework.open(other.number)


def test_an_envelope_of_another_desk_is_refused_even_if_the_key_fits(services: Services, sp: SeededDesk) -> None:
    # Somebody with the sp's own key and the key store puts a tip into the dig's row, and the reverse.
    seeded = seed_tip(services, [sp.desk])
    tamper(services, tables.envelope, seeded, desk="dig")
    assert Casework(services, "dig", sp.identity).summaries() == []


def test_an_envelope_that_a_crash_left_without_a_tip_is_not_listed(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    services.write_now(lambda unit: unit.main.execute(delete(tables.tip).where(tables.tip.c.id == seeded.id)))
    assert sp.casework.summaries() == []
    assert sp.casework.cache.unreadable == 0


def test_an_erased_tip_leaves_the_queue_and_the_search(services: Services, sp: SeededDesk) -> None:
    seeded, kept = seed_tip(services, [sp.desk]), seed_tip(services, [sp.desk])
    assert sp.casework.find("शराब").keys() == {seeded.id, kept.id}

    def erase(unit: UnitOfWork) -> None:
        unit.keys.execute(delete(tables.envelope).where(tables.envelope.c.tip == seeded.id))
        unit.main.execute(delete(tables.tip).where(tables.tip.c.id == seeded.id))
        tip_changes.note_erasure(unit, seeded.id)

    services.write_now(erase)
    assert numbers(sp) == [kept.number]
    assert sp.casework.find("शराब").keys() == {kept.id}


async def test_only_changed_tips_are_read_again(services: Services, sp: SeededDesk) -> None:
    seeded, *_ = [seed_tip(services, [sp.desk]) for _ in range(3)]
    seen: list[set[str]] = []
    sp.casework.find("शराब")
    sp.casework.cache.watch(lambda tips: seen.append(set(tips)))

    def read_again() -> set[str]:
        seen.clear()
        assert len(numbers(sp)) == 3
        return set().union(*seen)

    # On PostgreSQL, a transaction of another test that began earlier and is still open makes the cache look once more.
    await until(lambda: not read_again())
    seed_message(services, seeded, Message(sender="tipster", text="तमंचा"))
    assert sp.casework.find("तमंचा").keys() == {seeded.id}
    assert set().union(*seen) == {seeded.id}


def test_the_officers_of_a_desk_share_the_opened_tips(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    first = sp.casework
    first.find("शराब")
    second = Casework(services, "sp", sp.identity, officer="b", cache=first.cache)
    assert second.find("शराब").keys() == {seeded.id}
    assert second.cache.tips is first.cache.tips


InParts = Callable[[Callable[[], None]], None]


@pytest.fixture
def in_parts(sp: SeededDesk, monkeypatch: pytest.MonkeyPatch) -> InParts:
    """Open the desk, without an index, a tip at a time. The caller looks after each part."""
    opened, stopped = sp.casework.cache.opened, sp.casework.cache._stopped

    def open_all(look: Callable[[], None]) -> None:
        def set_and_look() -> None:
            threading.Event.set(opened)
            look()

        monkeypatch.setattr(tip_cache, "BATCH", 1)
        monkeypatch.setattr(tip_cache, "_AT_ONCE", 1)
        monkeypatch.setattr(opened, "set", set_and_look)
        monkeypatch.setattr(stopped, "wait", lambda _: look())
        sp.casework.cache.open_all()

    return open_all


def test_a_first_opening_lists_what_changed_last_and_says_how_far_it_is(
    services: Services, sp: SeededDesk, in_parts: InParts
) -> None:
    told, newest, old = (seed_tip(services, [sp.desk]) for _ in range(3))
    seed_message(services, told, Message(sender="tipster", text="they are back"))
    days = {told.id: 1, newest.id: 3, old.id: 2}
    services.write_now(lambda unit: [unit.main.execute(_DAY, {"one": one, "day": days[one]}) for one in days])
    cache, seen = sp.casework.cache, list[tuple[list[str], Progress | None]]()
    in_parts(lambda: seen.append((list(cache.tips), cache.progress)))
    order = [told.id, newest.id, old.id]
    assert seen[:4] == [*2 * [(order[:1], Progress(1, 3))], (order[:2], Progress(2, 3)), (order, None)]


@pytest.mark.slow("a desk's whole work")
def test_what_needs_a_tip_that_is_not_read_yet_reads_it(services: Services, sp: SeededDesk, in_parts: InParts) -> None:
    seeded = [seed_tip(services, [sp.desk]) for _ in range(4)]
    casework, unread = sp.casework, list[str]()

    def look() -> None:
        if not unread:
            unread.extend(one.number for one in seeded if one.id not in casework.cache.tips)
            assert len(unread) == 3
            assert casework.open(unread[-1]).tip.number == unread[-1]
            assert len(casework.summaries()) == 4

    in_parts(look)
    assert unread


def test_a_tip_that_is_erased_before_it_is_read_stays_away(
    services: Services, sp: SeededDesk, in_parts: InParts
) -> None:
    seeded = [seed_tip(services, [sp.desk]) for _ in range(3)]
    erased = list[str]()

    def look() -> None:
        left = [one.id for one in seeded if one.id not in sp.casework.cache.tips]
        if left and not erased:
            erased.append(left[-1])
            services.write_now(lambda unit: erase(unit, left[-1]))

    in_parts(look)
    assert {one.id for one in seeded} - {*erased} == sp.casework.cache.tips.keys()
    assert sp.casework.cache.unreadable == 0


def test_the_next_page_goes_on_with_an_opening_that_failed(
    services: Services, sp: SeededDesk, in_parts: InParts
) -> None:
    for _ in range(3):
        seed_tip(services, [sp.desk])

    def fail() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        in_parts(fail)
    sp.casework.cache.refresh(whole=False)
    assert len(sp.casework.cache.tips) == 3
