"""Desks: their names, and changes of their keys."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from satark.api.routing import CaseworkError, Desk, DeskExists, DestinationRule, KeyChanged, NoSuchDesk
from satark.api.sealing import CantOpen, encrypt_alike, new_identity, open_as, recipient_of
from satark.api.tip import Message
from satark.casework import Casework
from satark.roster.chain import append, read_rows, read_state
from satark.roster.entries import DeskAdded, Entry, KeyChange, desk_verifier
from satark.roster.rules import NotAllowed
from satark.routing.desks import add_desk, change_key, close_roster
from satark.routing.tip_keys import changes_in
from satark.services import Services
from satark.store import changed_keys, envelopes, tables
from satark_age import age
from support.acts import respond
from support.desks import SeededDesk
from support.tips import SeededTip, seed_tip


def tamper(services: Services, table: Any, seeded: SeededTip, **values: Any) -> None:
    column = table.c.id if "id" in table.c else table.c.tip
    if "desk" in values:
        values["holder"] = services.read_keys(lambda c: envelopes.tag(c, seeded.id, values.pop("desk")))
    statement = update(table).where(column == seeded.id).values(**values)
    if table is tables.envelope:
        statement = statement.where(table.c.sealed != b"")  # what vouches for the rows stays
    services.write_now(lambda unit: (unit.keys if table is tables.envelope else unit.main).execute(statement))


def renew_key(services: Services, office: SeededDesk) -> str:
    _, identity = new_identity()
    entry = Entry(body=KeyChange.of(office.desk.name, office.identity, identity))
    services.write_now(lambda unit: change_key(unit, services.roster, entry, office.identity, identity))
    return identity


def newest_recipient(services: Services, seeded: SeededTip) -> str:
    changes = services.write_now(lambda unit: changed_keys.read(unit, seeded.id)) or b""
    return changes_in(changes)[-1].recipient


def test_after_a_key_change_the_old_key_opens_nothing(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    identity = renew_key(services, sp)
    later = seed_tip(services, [services.desk("sp")])
    assert Casework(services, "sp", sp.identity).summaries() == []
    assert {summary.header.number for summary in Casework(services, "sp", identity).summaries()} == {
        seeded.number,
        later.number,
    }


@pytest.mark.slow("keys of several officers")
def test_one_change_of_its_key_moves_a_desk_and_its_old_tips_to_post_quantum_keys(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(age, "KINDS", (age.X25519,))
        sp, dig = SeededDesk(services, "sp"), SeededDesk(services, "dig", "range")
        seeded = seed_tip(services, [sp.desk, dig.desk])
        old_decoy = encrypt_alike(bytes(envelopes.PADDED))
        services.write_now(lambda unit: envelopes.store(unit, seeded.id, "/0", old_decoy))
        sp.casework.note(sp.casework.open(seeded.number), "first")
    identity = renew_key(services, sp)
    moved = Casework(services, "sp", identity)
    respond(moved, moved.open(seeded.number), status="ACTION", text="खोज जारी है")
    for casework in (moved, dig.casework):
        assert [one.message.text for one in casework.open(seeded.number).thread] == ["first", "खोज जारी है"]
    assert newest_recipient(services, seeded).startswith("age1pq1")
    newest = services.read(lambda c: c.execute(select(tables.message.c.sealed)).scalars().all())[-1]
    for key in (seeded.identity, sp.identity):
        with pytest.raises(CantOpen):
            open_as(Message, newest, key)
    assert open_as(Message, newest, seeded.receipt_identity).text == "खोज जारी है"
    # Nobody sees in the rows which desk has moved, or which row is nobody's.
    rows = [one for one in services.read_keys(lambda c: c.execute(select(tables.envelope.c.sealed)).scalars()) if one]
    assert {(len(one), one.count(b"-> mlkem768x25519 "), one.count(b"-> X25519 ")) for one in rows} == {
        (len(rows[0]), 1, 1)
    }
    assert len(rows) == 3


@pytest.mark.slow("keys of several officers")
def test_after_a_key_change_the_main_database_does_not_tell_which_tips_the_desk_has(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    every = [seed_tip(services, [dig.desk] if kept else [sp.desk, dig.desk]) for kept in (True, False, False)]
    query, changed = select(tables.tip).order_by(tables.tip.c.id), select(tables.tip_change.c.tip)
    for _ in range(2):
        before = services.read(lambda c: c.execute(query).all())
        services.write_now(lambda unit: unit.main.execute(tables.tip_change.delete()))
        sp.identity = renew_key(services, sp)
        sp.desk = services.desk("sp")
        after = services.read(lambda c: c.execute(query).all())
        assert [one.recipient for one in after] == [one.recipient for one in before]
        assert {len(one.key_changes) for one in after} == {len(after[0].key_changes)} != {0}
        assert all(
            b"disclosed" not in new.key_changes and new.key_changes != old.key_changes
            for old, new in zip(before, after, strict=True)
        )
        assert set(services.read(lambda c: c.execute(changed).scalars())) == {one.id for one in every}
    assert len(Casework(services, "sp", sp.identity).summaries()) == 2


@pytest.mark.slow("keys of several officers")
def test_messages_after_a_key_change_can_not_be_opened_with_the_former_tip_key(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk, dig.desk])
    (before,) = dig.casework.summaries()
    stale = dig.casework.open(before.id)
    renew_key(services, sp)
    respond(dig.casework, stale, status="ACTION", text="खोज जारी है")
    (row,) = services.read(lambda c: c.execute(select(tables.message)).all())
    with pytest.raises(CantOpen):
        open_as(Message, row.sealed, seeded.identity)
    assert dig.casework.open(before.id).thread[0].message.text == "खोज जारी है"


def test_a_key_change_that_the_key_before_did_not_sign_is_refused(services: Services, sp: SeededDesk) -> None:
    recipient, identity = new_identity()
    change = KeyChange(
        desk="sp", replaces=recipient_of(sp.identity), recipient=recipient, verifier=desk_verifier(identity)
    )
    entry = Entry(body=change.proved_by(identity))
    with pytest.raises(NotAllowed):
        services.write_now(lambda unit: change_key(unit, services.roster, entry, sp.identity, identity))


def test_a_second_change_of_the_same_key_is_refused(services: Services, sp: SeededDesk) -> None:
    seed_tip(services, [sp.desk])
    identity = renew_key(services, sp)
    with pytest.raises(KeyChanged):
        renew_key(services, sp)
    assert len(Casework(services, "sp", identity).summaries()) == 1


@pytest.mark.slow("keys of several officers")
def test_a_key_change_leaves_a_forged_envelope_as_it_is(services: Services, sp: SeededDesk, dig: SeededDesk) -> None:
    seeded = seed_tip(services, [dig.desk])
    tamper(services, tables.envelope, seeded, desk="sp")
    before = services.read_keys(lambda c: c.execute(select(tables.envelope)).all())
    others = [seed_tip(services, [sp.desk]) for _ in range(4)]
    identity = renew_key(services, sp)
    query = select(tables.envelope).where(tables.envelope.c.tip == seeded.id)
    assert services.read_keys(lambda c: c.execute(query).all()) == before
    # It stops the change of no other tip, whichever is read first.
    assert all(newest_recipient(services, other) != other.recipient for other in others)
    assert len(Casework(services, "sp", identity).summaries()) == 4


@pytest.mark.slow("keys of several officers")
def test_a_tip_whose_key_was_changed_twice_opens_and_takes_answers(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    seeded = seed_tip(services, [sp.desk, dig.desk])
    dig.casework.note(dig.casework.open(seeded.number), "first")
    first = renew_key(services, sp)
    dig.casework.note(dig.casework.open(seeded.number), "second")
    sp.identity = first
    second = renew_key(services, sp)
    work = Casework(services, "sp", second)
    work.note(work.open(seeded.number), "third")
    for reader in (work, dig.casework):
        assert [posted.message.text for posted in reader.open(seeded.number).thread] == ["first", "second", "third"]
    assert Casework(services, "sp", first).summaries() == []


def test_a_desk_whose_entry_the_roster_has_is_added_without_a_second_entry(services: Services) -> None:
    recipient, identity = new_identity()
    desk = Desk(name="lanka", title="लंका", level="station", area="lanka", recipient=recipient)
    entry = Entry(body=DeskAdded(desk=desk, verifier=desk_verifier(identity), officers=()))
    services.write_now(lambda unit: append(unit, entry))
    services.write_now(lambda unit: add_desk(unit, desk, entry=entry))
    assert services.desks() == [desk]
    assert len(services.read_keys(read_rows)) == 1


def test_the_founding_ends_with_the_destinations_that_read_tips(services: Services, sp: SeededDesk) -> None:
    recipient, _ = new_identity()
    rules = [DestinationRule(to="email:cell", desk="sp", recipient=recipient), DestinationRule(to="email:n", desk="sp")]
    for _ in range(2):
        services.write_now(lambda unit: close_roster(unit, rules))
    state = services.read_keys(read_state)
    assert state.closed
    assert {(one.to, one.desk, one.recipient) for one in state.destinations.values()} == {
        ("email:cell", "sp", recipient)
    }
    assert len(services.read_keys(read_rows)) == 2


def test_desks_are_listed_by_name_and_names_are_unique(services: Services, sp: SeededDesk, dig: SeededDesk) -> None:
    assert [desk.name for desk in services.desks()] == ["dig", "sp"]
    with pytest.raises(DeskExists):
        SeededDesk(services, "sp")
    with pytest.raises(NoSuchDesk):
        services.desk("nowhere")


def test_a_desk_is_read_back_as_it_was_added(services: Services) -> None:
    recipient, _ = new_identity()
    desk = Desk(name="lanka", title="थाना लंका", level="station", area="lanka", recipient=recipient, via="list")
    services.write_now(lambda unit: add_desk(unit, desk))
    assert services.desks() == [desk]
    assert services.desk("lanka") == desk


@pytest.mark.parametrize("column", ["title", "level", "area", "recipient", "via"])
def test_no_row_says_what_a_desk_is(services: Services, sp: SeededDesk, dig: SeededDesk, column: str) -> None:
    before = services.desks()
    services.write_now(lambda unit: unit.main.execute(update(tables.desk).values({column: "state"})))
    assert services.desks() == services.write_now(services.desks) == before
    assert services.inspect_rosters() != ()
    services.write_now(lambda unit: unit.main.execute(delete(tables.desk)))
    assert services.desks() == before


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
