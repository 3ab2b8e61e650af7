"""Desks: their names, and changes of their keys."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from satark.casework import Casework
from satark.desk import CaseworkError, Desk, DeskExists, KeyChanged, NoSuchDesk
from satark.identity.sealing import CantOpen, new_identity, open_as, recipient_of
from satark.roster.entries import Entry, new_key_change
from satark.roster.rules import NotAllowed
from satark.routing.desks import add_desk, all_desks, change_key, find_desk
from satark.services import Services
from satark.store import envelopes, tables
from satark.testing.desks import SeededDesk
from satark.testing.tips import SeededTip, seed_tip
from satark.tip import Message


def tamper(services: Services, table: Any, seeded: SeededTip, **values: Any) -> None:
    column = table.c.id if "id" in table.c else table.c.tip
    if "desk" in values:
        values["holder"] = services.read_keys(lambda c: envelopes.tag(c, seeded.id, values.pop("desk")))
    statement = update(table).where(column == seeded.id).values(**values)
    services.write_now(lambda unit: (unit.keys if table is tables.envelope else unit.main).execute(statement))


def renew_key(services: Services, office: SeededDesk) -> str:
    recipient, identity = new_identity()
    recipients = (recipient_of(office.identity), recipient)
    entry = Entry(body=new_key_change(office.desk.name, office.identity, identity, recipients))
    services.write_now(lambda unit: change_key(unit, entry, office.identity, identity))
    return identity


def test_after_a_key_change_the_old_key_opens_nothing(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    identity = renew_key(services, sp)
    later = seed_tip(services, [services.read(lambda c: find_desk(c, "sp"))])
    assert Casework(services, "sp", sp.identity).summaries() == []
    assert {summary.header.number for summary in Casework(services, "sp", identity).summaries()} == {
        seeded.number,
        later.number,
    }


def test_after_a_key_change_a_tip_key_from_before_opens_nothing_that_is_written(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk, dig.desk])
    (before,) = dig.casework.summaries()
    stale = dig.casework.open(before.id)
    renew_key(services, sp)
    dig.casework.respond(stale, status="ACTION", text="खोज जारी है")
    (row,) = services.read(lambda c: c.execute(select(tables.message)).all())
    with pytest.raises(CantOpen):
        open_as(Message, row.sealed, seeded.identity)
    assert dig.casework.open(before.id).thread[0].message.text == "खोज जारी है"


def test_a_key_change_that_the_key_before_did_not_sign_is_refused(services: Services, sp: SeededDesk) -> None:
    recipient, identity = new_identity()
    recipients = (recipient_of(sp.identity), recipient)
    entry = Entry(body=new_key_change("sp", identity, identity, recipients))
    with pytest.raises(NotAllowed):
        services.write_now(lambda unit: change_key(unit, entry, sp.identity, identity))


def test_a_second_change_of_the_same_key_is_refused(services: Services, sp: SeededDesk) -> None:
    seed_tip(services, [sp.desk])
    identity = renew_key(services, sp)
    with pytest.raises(KeyChanged):
        renew_key(services, sp)
    assert len(Casework(services, "sp", identity).summaries()) == 1


def test_a_key_change_leaves_a_forged_envelope_as_it_is(services: Services, sp: SeededDesk, dig: SeededDesk) -> None:
    seeded = seed_tip(services, [dig.desk])
    tamper(services, tables.envelope, seeded, desk="sp")
    (before,) = services.read_keys(lambda c: c.execute(select(tables.envelope)).all())
    renew_key(services, sp)
    assert services.read_keys(lambda c: c.execute(select(tables.envelope)).all()) == [before]


def test_desks_are_listed_by_name_and_names_are_unique(services: Services, sp: SeededDesk, dig: SeededDesk) -> None:
    assert [desk.name for desk in services.read(all_desks)] == ["dig", "sp"]
    with pytest.raises(DeskExists):
        SeededDesk(services, "sp")
    with pytest.raises(NoSuchDesk):
        services.read(lambda c: find_desk(c, "nowhere"))


def test_a_desk_is_read_back_as_it_was_added(services: Services) -> None:
    recipient, _ = new_identity()
    desk = Desk(name="lanka", title="थाना लंका", level="station", area="lanka", recipient=recipient, via="list")
    services.write_now(lambda unit: add_desk(unit, desk))
    assert services.read(all_desks) == [desk]
    assert services.read(lambda c: find_desk(c, "lanka")) == desk


@pytest.mark.parametrize(
    ("name", "level", "reason"),
    [
        ("A", "district", r"^a desk's name is up to 40 lower-case letters, digits, - and _$"),
        ("a" * 41, "district", "up to 40"),
        ("a", "planet", r"^a desk's level is one of outpost, station, circle, district, range"),
    ],
)
def test_an_invalid_desk_is_refused_with_the_reason(name: str, level: Any, reason: str, services: Services) -> None:
    desk = Desk(name=name, title="x", level=level, area="", recipient="age1")
    with pytest.raises(CaseworkError, match=reason):
        services.write_now(lambda unit: add_desk(unit, desk))


@pytest.mark.parametrize(("name", "level"), [("", "district"), ("Ä", "district"), ("a b", "district"), ("a", "planet")])
def test_an_invalid_desk_is_refused(name: str, level: Any, services: Services) -> None:
    with pytest.raises(CaseworkError):
        SeededDesk(services, name, level)
