"""Tip cache: only intact envelopes of the desk itself, with a tip, are listed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from satark.api.tip import Message
from satark.casework import Casework, NoSuchTip
from satark.services import Services
from satark.store import envelopes, tables, tip_changes
from satark.store.unit_of_work import UnitOfWork
from satark_testing.waiting import until
from support.altering import altered
from support.desks import SeededDesk
from support.tips import SeededTip, seed_message, seed_tip


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
    assert sp.casework.unreadable == 2
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
    assert sp.casework.unreadable == 0


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
