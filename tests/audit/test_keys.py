"""Audit keys: their holders, and the effects of a change of a desk's key."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from satark.api.routing import CaseworkError
from satark.api.sealing import new_identity
from satark.audit import keys
from satark.audit.reading import ActFilter, Viewer
from satark.audit.trail import Trail
from satark.custody.verify_log import LogHead
from satark.roster import chain as roster_chain
from satark.roster.entries import Entry, KeyChange, desk_verifier
from satark.services import Services
from satark.store import tables
from satark.store.unit_of_work import UnitOfWork
from support.acts import kinds, seen_by, viewer_at
from support.desks import SeededDesk, listed_officer


def test_an_audit_key_that_the_operator_planted_is_not_used(services: Services, sp: SeededDesk) -> None:
    sp.casework_of("rao").summaries()
    recipient, identity = new_identity()
    forger = keys.act_key(identity)
    row = {"recipient": recipient, "verifier": forger.public_key().public_bytes_raw().hex()}
    services.write_now(lambda unit: unit.main.execute(update(tables.audit_key).values(row)))
    sp.casework_of("khan").summaries()
    viewer = Viewer(identities=(identity,), desks=frozenset({"sp"}))
    assert viewer.read(services, ActFilter()).acts == ()


def test_acts_of_machines_and_failed_sign_ins_are_sealed_to_no_key_that_the_operator_planted(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    sp.casework_of("rao").summaries()
    recipient, identity = new_identity()
    row = {"desk": "sp", "number": 99, "recipient": recipient, "verifier": desk_verifier(sp.identity), "former": ""}
    services.write_now(lambda unit: unit.insert(tables.audit_key, [{**row, "signature": bytes(64)}]))
    Trail(services, "sp", "email:control-room").record("exported", tip="4K7Q-2XPM")
    Trail(services, "sp", "rao").record("sign_in_failed")
    forger = Viewer(identities=(identity,), desks=frozenset({"sp"}))
    assert forger.read(services, ActFilter()).acts == ()
    assert kinds(seen_by(services, dig, {"sp"})) == ["listed", "exported", "sign_in_failed"]


def test_before_a_desk_has_an_audit_key_acts_are_sealed_to_the_key_that_the_roster_lists(
    services: Services, sp: SeededDesk
) -> None:
    recipient, identity = new_identity()
    services.write_now(lambda unit: unit.main.execute(update(tables.desk).values(recipient=recipient)))
    Trail(services, "sp", "rao").record("sign_in_failed")
    forger = Viewer(identities=(identity,), desks=frozenset({"sp"}))
    assert forger.read(services, ActFilter()).acts == ()


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


def test_the_former_key_of_a_desk_forges_no_act_after_its_change(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    sp.casework_of("rao").summaries()
    new = change_key(services, sp)
    Trail(services, "sp", "rao", new).record("searched")
    Trail(services, "sp", "khan", sp.identity).record("opened", detail="handed to the accused")
    assert [read.flaw for read in seen_by(services, dig, {"sp"})] == ["forged", "", ""]
    moved = update(tables.audit_key).where(tables.audit_key.c.number == 2).values(since=9)
    services.write_now(lambda unit: unit.main.execute(moved))
    assert keys.trusted_verifiers(services, ["sp"])["sp"] == {}


@pytest.mark.parametrize("table", [tables.custody_head, tables.custody])
def test_no_row_says_that_a_former_key_counts_for_longer(services: Services, sp: SeededDesk, table: Any) -> None:
    sp.casework_of("rao").summaries()
    sp.casework_of("rao").trail.record("searched")
    services.write_now(lambda unit: unit.main.execute(update(table).where(table.c.position == 2).values(position=99)))
    with pytest.raises(CaseworkError, match="the audit log was altered"):
        change_key(services, sp)


def test_an_officer_whose_desk_has_changed_its_key_signs_with_their_own(services: Services, dig: SeededDesk) -> None:
    rao = listed_officer("rao", "head")
    sp = SeededDesk(services, "sp", "district", "varanasi", officers=(rao,))
    sp.casework_of("rao").summaries()
    change_key(services, sp)
    sp.casework_of("rao").trail.record("read")
    assert [(read.act.kind, read.flaw) for read in seen_by(services, dig, {"sp"})][:1] == [("read", "")]


def test_a_key_of_version_0_1_names_no_position_and_vouches_for_the_key_before(
    services: Services, sp: SeededDesk, dig: SeededDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sp.casework_of("rao").summaries()
    with monkeypatch.context() as before:
        before.setattr(LogHead, "position_of_rows", lambda _: 0)
        new = change_key(services, sp)
    Trail(services, "sp", "rao", new).record("searched")
    assert [read.flaw for read in seen_by(services, dig, {"sp"})] == ["", ""]


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


def test_an_officer_who_left_the_desk_above_reads_no_act_after_the_next_sign_in(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    sp.casework_of("rao").trail.signed_in()
    dig.casework_of("rai").trail.signed_in()
    kept = services.read(lambda c: keys.opened_keys(c, "desk:dig", dig.identity, desk="sp"))
    new = change_key(services, dig)
    for _ in range(2):
        sp.casework_of("rao").trail.signed_in()
    left = Viewer(identities=tuple(one.identity for one in kept), desks=frozenset({"sp"}))
    assert kinds(list(left.read(services, ActFilter()).acts)) == ["signed_in"]
    acts = viewer_at(services, "desk:dig", new, {"sp"}).read(services, ActFilter()).acts
    assert [(one.act.kind, one.flaw) for one in acts] == [("signed_in", "")] * 3
    assert len(services.read(lambda c: keys.opened_keys(c, "desk:dig", new, desk="sp"))) == 2


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
