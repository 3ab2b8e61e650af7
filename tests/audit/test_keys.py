"""Audit keys: who gets them, and what a change of a desk key does to them."""

from __future__ import annotations

from sqlalchemy import update

from satark.api.sealing import new_identity
from satark.audit import keys
from satark.audit.reading import ActFilter, Viewer
from satark.audit.trail import Trail
from satark.roster import chain as roster_chain
from satark.roster.entries import Entry, KeyChange
from satark.services import Services
from satark.store import tables
from satark.store.unit_of_work import UnitOfWork
from support.acts import kinds, seen_by, viewer_at
from support.desks import SeededDesk


def test_an_audit_key_that_the_operator_put_there_is_not_used(services: Services, sp: SeededDesk) -> None:
    sp.casework_of("rao").summaries()
    recipient, identity = new_identity()
    forger = keys.act_key(identity)
    row = {"recipient": recipient, "verifier": forger.public_key().public_bytes_raw().hex()}
    services.write_now(lambda unit: unit.main.execute(update(tables.audit_key).values(row)))
    sp.casework_of("khan").summaries()
    viewer = Viewer(identities=(identity,), desks=frozenset({"sp"}))
    assert viewer.read(services, ActFilter()).acts == ()


def change_key(services: Services, desk: SeededDesk) -> str:
    """Change a desk's key, in the roster too; return the new identity."""
    recipient, new = new_identity()
    change = KeyChange.of(desk.desk.name, desk.identity, new)

    def write(unit: UnitOfWork) -> None:
        keys.renew_key(unit, services, desk.desk.name, desk.identity, new)
        roster_chain.append(unit, Entry(body=change))
        unit.main.execute(update(tables.desk).where(tables.desk.c.name == desk.desk.name).values(recipient=recipient))

    services.write_now(write)
    return new


def test_after_a_change_of_the_desks_key_old_and_new_acts_are_read_and_verified(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    sp.casework_of("rao").summaries()
    new = change_key(services, sp)
    Trail(services, "sp", "rao", new).record("searched")
    assert [(read.act.kind, read.flaw) for read in seen_by(services, dig, {"sp"})] == [("searched", ""), ("listed", "")]
    old_holder = viewer_at(services, "desk:sp", sp.identity, {"sp"})
    assert old_holder.read(services, ActFilter()).acts == ()


def test_after_the_desk_above_changes_its_own_key_the_new_key_still_reads_and_the_old_one_does_not(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    sp.casework_of("rao").summaries()
    dig.casework_of("rai").summaries()
    new = change_key(services, dig)
    found = [
        viewer_at(services, "desk:dig", identity, {"sp"}).read(services, ActFilter()).acts
        for identity in (new, dig.identity)
    ]
    assert [kinds(list(acts)) for acts in found] == [["listed"], []]


def test_acts_under_a_key_that_the_roster_does_not_list_show_as_forged(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    sp.casework_of("rao").summaries()
    # Whoever can write to the database makes a key of their own, well signed by itself, and signs acts with it.
    forger = new_identity()[1]
    Trail(services, "sp", "rao", forger).record("read")
    assert [read.flaw for read in seen_by(services, dig, {"sp"})] == ["forged", ""]
    sp.casework_of("khan").summaries()
    assert [read.flaw for read in seen_by(services, dig, {"sp"})] == ["", "forged", ""]
