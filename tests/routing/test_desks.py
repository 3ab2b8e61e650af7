"""Desks: their names, and changes of their keys."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from satark.casework import Casework
from satark.desk import CaseworkError, DeskExists, KeyChanged, NoSuchDesk
from satark.identity.sealing import new_identity, open_envelope
from satark.routing.desks import all_desks, begin_key_change, end_key_change, find_desk
from satark.services import Services
from satark.store import tables
from satark.testing.desks import SeededDesk
from satark.testing.tips import SeededTip, seed_tip


def tamper(services: Services, table: Any, seeded: SeededTip, **values: Any) -> None:
    column = table.c.id if "id" in table.c else table.c.tip
    statement = update(table).where(column == seeded.id).values(**values)
    services.write_now(lambda unit: (unit.keys if table is tables.envelope else unit.main).execute(statement))


def change_key(services: Services, office: SeededDesk) -> str:
    recipient, identity = new_identity()
    services.write_now(lambda unit: begin_key_change(unit, office.desk.name, office.identity, recipient))
    services.write_now(lambda unit: end_key_change(unit, office.desk.name, identity))
    return identity


def test_after_a_key_change_the_old_key_opens_nothing(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    identity = change_key(services, sp)
    later = seed_tip(services, [services.read(lambda c: find_desk(c, "sp"))])
    assert Casework(services, "sp", sp.identity).summaries() == []
    assert {summary.header.number for summary in Casework(services, "sp", identity).summaries()} == {
        seeded.number,
        later.number,
    }


def test_an_interrupted_key_change_leaves_both_keys_valid(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    recipient, identity = new_identity()
    services.write_now(lambda unit: begin_key_change(unit, "sp", sp.identity, recipient))
    (row,) = services.read_keys(lambda c: c.execute(select(tables.envelope)).all())
    for key in (sp.identity, identity):
        assert open_envelope(row.sealed, key, tip=seeded.id, desk="sp").header == seeded.header


def test_a_second_change_of_the_same_key_is_refused(services: Services, sp: SeededDesk) -> None:
    seed_tip(services, [sp.desk])
    identity = change_key(services, sp)
    with pytest.raises(KeyChanged):
        change_key(services, sp)
    assert len(Casework(services, "sp", identity).summaries()) == 1


def test_a_key_change_leaves_a_forged_envelope_as_it_is(services: Services, sp: SeededDesk, dig: SeededDesk) -> None:
    seeded = seed_tip(services, [dig.desk])
    tamper(services, tables.envelope, seeded, desk="sp")
    (before,) = services.read_keys(lambda c: c.execute(select(tables.envelope)).all())
    change_key(services, sp)
    assert services.read_keys(lambda c: c.execute(select(tables.envelope)).all()) == [before]


def test_desks_are_listed_by_name_and_names_are_unique(services: Services, sp: SeededDesk, dig: SeededDesk) -> None:
    assert [desk.name for desk in services.read(all_desks)] == ["dig", "sp"]
    with pytest.raises(DeskExists):
        SeededDesk(services, "sp")
    with pytest.raises(NoSuchDesk):
        services.read(lambda c: find_desk(c, "nowhere"))


@pytest.mark.parametrize(("name", "level"), [("", "district"), ("Ä", "district"), ("a b", "district"), ("a", "planet")])
def test_an_invalid_desk_is_refused(name: str, level: Any, services: Services) -> None:
    with pytest.raises(CaseworkError):
        SeededDesk(services, name, level)
