"""The heads that officers remember of the roster, whatever former state the databases were put back to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select, update

from satark.api import Desk, new_identity
from satark.casework import DeskAdded, NotAllowed, RosterHead, SignedHead, officer_signer
from satark.roster.chain import append, chain_hash, read_rows, read_state
from satark.roster.entries import DestinationSet, Entry, officer_key
from satark.roster.heads import read_heads, read_note
from satark.roster.roster import COPY_NAME, HEADS_NAME, lines_of
from satark.services import Services
from satark.store import host_link, tables
from satark.store.tables import roster, roster_head
from satark_desk import roster_memory
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import KeyLost, NewOfficer, add_officer, rotate, unlock, unlock_any
from satark_desk.roster_memory import Recalled, agree, lost_heads, recall, unseen_entries
from satark_desk.tables import officer
from support.roster import trusting

Open = Callable[[str], UnlockedDesk]
SECONDS = "another passphrase"


def rolled_back(services: Services, *, forget: bool = True) -> None:
    """Delete the newest entry, this machine's copy, and what officers signed; let the process forget all of it."""
    newest = services.read_keys(read_state).position
    services.write_now(lambda unit: unit.keys.execute(delete(roster).where(roster.c.position == newest)))
    if forget:
        services.write_now(lambda unit: unit.keys.execute(delete(roster_head)))
    copy = services.data_dir / COPY_NAME
    copy.unlink()
    if forget:
        copy.with_name(HEADS_NAME).unlink(missing_ok=True)
    vars(services.roster).update(vars(trusting(copy, services)))


def agree_to_all(services: Services, by: UnlockedDesk) -> None:
    agree(services, by, lost_heads(services, by))


def test_each_sign_in_signs_the_newest_head_once(services: Services, unlocked: Open) -> None:
    unlocked("sp")
    unlocked("sp")
    (signed,) = services.read_keys(read_heads)
    assert (signed.desk, signed.officer, signed.number) == ("sp", "sp-1", 1)
    assert signed.head == str(RosterHead.of(services.read_keys(read_state)))


@pytest.mark.slow("a third of a second of a processor")
def test_an_officer_who_changes_the_roster_signs_it_at_once(services: Services, unlocked: Open) -> None:
    add_officer(services, unlocked("dig"), NewOfficer(name="second", passphrase=SECONDS))
    for change in (lambda: None, lambda: rotate(services, unlocked("dig"), without="second")):
        change()
        signed = {one.officer: one.head for one in services.read_keys(read_heads)}
        assert signed["dig-1"] == str(RosterHead.of(services.read_keys(read_state)))
        assert recall(services, unlocked("dig")).head == signed["dig-1"]


def test_the_copy_of_the_desks_key_remembers_deleted_heads(services: Services, unlocked: Open) -> None:
    noted = recall(services, unlocked("sp")).head
    rolled_back(services)
    assert services.read_keys(services.roster.check).lost == ()
    recalled = recall(services, unlocked("sp"))
    assert (recalled.head, recalled.is_lost) == (noted, True)
    assert [str(one) for one in services.read_keys(services.roster.check).lost] == [noted]


def test_a_browser_remembers_heads_that_the_databases_lost(services: Services, unlocked: Open) -> None:
    query = select(officer.c.desk_key).where(officer.c.name == "sp-1")
    before = services.read(lambda c: c.execute(query).scalar())
    noted = recall(services, unlocked("sp")).noted
    rolled_back(services)
    services.write_now(
        lambda u: u.main.execute(update(officer).where(officer.c.name == "sp-1").values(desk_key=before))
    )
    assert not recall(services, unlocked("sp")).is_lost
    assert recall(services, unlocked("sp"), noted).is_lost
    assert recall(services, unlocked("sp")).is_lost, "now the officer has signed it"
    assert services.read_keys(services.roster.check).lost


def test_an_officer_signs_no_roster_that_others_miss_a_head_of(services: Services, unlocked: Open) -> None:
    unlocked("sp")
    unlocked("lanka")
    rolled_back(services, forget=False)
    before = services.read_keys(read_heads)
    assert recall(services, unlocked("dig")) == Recalled("", is_lost=False), "the browser keeps what it has"
    state = services.roster_state()
    recall(services, unlocked("dig"), shown=state.head)
    assert services.read_keys(read_heads) == before


def test_a_head_withdraws_no_head_that_they_were_not_shown(services: Services, unlocked: Open) -> None:
    unlocked("sp")
    unlocked("dig")
    rolled_back(services, forget=False)
    shown = lost_heads(services, unlocked("sp"))
    assert shown
    with pytest.raises(NotAllowed, match="the roster changed meanwhile"):
        agree(services, unlocked("sp"), {"ab" * 32})
    before = services.read_keys(read_heads)
    assert all(not one.given_up for one in before)
    agree(services, unlocked("sp"), shown)
    assert {one.given_up for one in services.read_keys(read_heads) if one.desk == "sp"} == {" ".join(sorted(shown))}


@pytest.mark.slow("a third of a second of a processor")
def test_nothing_is_carried_out_while_a_head_is_missing(services: Services, unlocked: Open) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=SECONDS))
    before = unlocked("sp")
    services.write_now(lambda unit: append(unit, Entry(body=DestinationSet(to="email:x", desk="sp", recipient=""))))
    unlocked("sp")
    unlocked("dig")
    rolled_back(services, forget=False)
    services.read_keys(services.roster.check)
    assert not rotate(services, before).done
    assert unlocked("sp").identity == before.identity
    agree_to_all(services, unlocked("sp"))
    with pytest.raises(NotAllowed):
        agree_to_all(services, unlock(services, "sp", "second", SECONDS))
    agree_to_all(services, unlocked("dig"))
    assert services.read_keys(services.roster.check).lost == ()
    assert unlocked("sp").identity != before.identity, "it waited until the heads agreed"
    assert unlock_any(services, "sp", SECONDS).identity == unlocked("sp").identity


@pytest.mark.slow("keys of several officers")
def test_a_key_change_that_was_undone_gets_no_tip_to_the_key_before(services: Services, unlocked: Open) -> None:
    unlocked("dig")
    rotate(services, unlocked("sp"))
    unlocked("sp")
    rolled_back(services)
    with pytest.raises(KeyLost):
        unlocked("sp")
    assert services.roster_state().refused == {"sp"}


def test_a_roster_shown_to_an_officer_is_a_signed_hash(services: Services, unlocked: Open) -> None:
    sp, state = unlocked("sp"), services.read_keys(read_state)
    assert unseen_entries(services, sp, state) == state.position
    recall(services, sp, shown=state.head)
    assert unseen_entries(services, sp, state) == 0
    services.write_now(lambda unit: unit.keys.execute(update(roster_head).values(shown="00" * 32)))
    assert unseen_entries(services, sp, state) == state.position, "nobody else can write it"


def test_a_head_that_does_not_fit_into_a_cookie_finds_its_tags_again(
    services: Services, unlocked: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = recall(services, unlocked("sp"))
    own = next(one for one in services.read_keys(read_heads) if one.officer == "sp-1")
    monkeypatch.setattr(roster_memory, "MOST_NOTED", len(own.noted([])) - 1)
    noted = recall(services, unlocked("sp")).noted
    assert before.head not in noted
    rolled_back(services)
    after = recall(services, unlocked("sp"), noted)
    assert (after.head, after.is_lost) == (before.head, True)


def test_a_note_that_somebody_made_up_changes_nothing(services: Services, unlocked: Open) -> None:
    sp, stranger = unlocked("sp"), new_identity()[1]
    own = recall(services, sp)
    head = RosterHead(99, "ab" * 32, "cd" * 32)
    made_up = msgspec.structs.replace(sp, own_identity=stranger)
    _, signed = own.noted.split(":")
    for note in (str(head), f"{head}:{signed}", f"{head}:zz", note_by(made_up, head), note_by(sp, head, 2**31)):
        assert recall(services, sp, note) == own
    assert services.read_keys(services.roster.check).lost == ()


def test_a_colleagues_signed_head_is_stored_again_and_signed_by_nobody_else(services: Services, unlocked: Open) -> None:
    lanka, sp = unlocked("lanka"), unlocked("sp")
    before = {one.officer: one for one in services.read_keys(read_heads)}
    services.write_now(lambda unit: unit.keys.execute(delete(roster_head)))
    assert not recall(services, sp, before["lanka-1"].noted([])).is_lost
    assert {one.officer: one for one in services.read_keys(read_heads)} == {
        name: before[name] for name in ("sp-1", "lanka-1")
    }
    head = RosterHead(99, "ab" * 32)
    recall(services, sp, note_by(lanka, head, 9))
    checked = services.read_keys(services.roster.check)
    assert checked.lost == (head,), "two officers share a computer"
    assert (checked.state.refused, checked.state.lacks_heads) == ({"lanka"}, False)
    assert recall(services, sp).head != str(head)


def test_the_note_of_one_officer_reveals_what_another_desk_signed(services: Services, unlocked: Open) -> None:
    copies = desk_keys(services)
    unlocked("dig")
    noted = recall(services, unlocked("sp")).noted
    rolled_back(services)
    desk_keys(services, copies)
    assert recall(services, unlocked("sp"), noted).is_lost
    checked = services.read_keys(services.roster.check)
    assert len(checked.lost) == 2
    assert checked.state.lacks_heads


@pytest.mark.slow("keys of several officers")
def test_a_head_without_its_tags_lists_nobody_until_heads_of_desks_withdraw_it(
    services: Services, unlocked: Open
) -> None:
    copies = desk_keys(services)
    unlocked("dig")
    (own, other) = read_note(recall(services, unlocked("sp")).noted)
    bare = msgspec.structs.replace(own, head=str(own.bare)).noted([msgspec.structs.replace(other, head=str(own.bare))])
    rolled_back(services)
    listed = with_another_level(services)
    desk_keys(services, copies)
    assert recall(services, unlocked("sp"), bare).is_lost
    assert services.roster_state().refused == listed
    for desk in ("sp", "dig"):
        assert services.roster_state().refused == listed
        agree_to_all(services, unlocked(desk))
    assert services.read_keys(services.roster.check).lost == ()
    assert not recall(services, unlocked("sp"), bare).is_lost


def desk_keys(services: Services, copies: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """Return the officers' copies of their desk's key; put these in their place."""
    for name, key in (copies or {}).items():
        row = update(officer).where(officer.c.name == name).values(desk_key=key)
        services.write_now(lambda unit, one=row: unit.main.execute(one))  # type: ignore[misc]
    return {row.name: row.desk_key for row in services.read(lambda c: c.execute(select(officer)))}


def note_by(by: UnlockedDesk, head: RosterHead, number: int = 1) -> str:
    signer = officer_signer(by.own_identity)
    own = SignedHead(desk=by.desk.name, officer=by.officer, signer=signer, number=number, head=str(head))
    signature = officer_key(by.own_identity).sign(own.signed_bytes)
    return msgspec.structs.replace(own, signature=signature).noted([])


def with_another_level(services: Services) -> set[str]:
    """Give every desk another level, as an attacker who writes rows can; return the names of all desks."""
    rows = services.read_keys(read_rows)
    entries = []
    for row in rows:
        entry = Entry.decode(row.entry)
        if isinstance(entry.body, DeskAdded):
            desk = msgspec.structs.replace(entry.body.desk, level="state")
            entry = msgspec.structs.replace(entry, body=msgspec.structs.replace(entry.body, desk=desk))
        entries.append(entry)
    services.write_now(lambda unit: unit.keys.execute(delete(roster)))
    for entry in entries:
        services.write_now(lambda unit, one=entry: append(unit, one))  # type: ignore[misc]
    copy = services.data_dir / COPY_NAME
    copy.unlink(missing_ok=True)
    vars(services.roster).update(vars(trusting(copy, services)))
    return set(services.read_keys(read_state).desks)


def test_a_desk_must_be_listed_in_both_of_two_lost_heads(services: Services, unlocked: Open) -> None:
    sp = unlocked("sp")
    first = RosterHead.read(recall(services, sp).head)
    assert first is not None
    rolled_back(services)
    tags = sorted(first.listed)
    second = RosterHead(first.position + 1, "ab" * 32).listing(b"".join(tags[1:]))
    found = RosterHead.read(recall(services, sp, note_by(sp, second)).head)
    assert found is not None
    assert (found.hash, found.listed) == ("ab" * 32, frozenset(tags[1:]))


def test_each_sign_in_at_an_office_notes_the_hosts_newest_roster(services: Services, unlocked: Open) -> None:
    unlocked("sp")
    assert services.read_keys(read_state).noted == {}, "this is the host"
    entry = Entry(body=DeskAdded(desk=Desk(name="range", title="Range", level="range", recipient=new_identity()[0])))
    head = chain_hash("", entry.encode())
    row: dict[str, Any] = {"recipient": "", "verifier": "", "directory": 1, "destination_rules": b"[]", "paired": head}
    row["tag"] = services.read(lambda c: host_link.tag_of(c, "", "", head))
    services.write_now(lambda unit: unit.insert(tables.host_link, [{**row, "roster": lines_of([entry.encode()])}]))
    for _ in range(2):
        unlocked("sp")
    state = services.read_keys(read_state)
    assert state.noted == {"sp": head}
    assert len(state.unlisted) == 1
    assert recall(services, unlocked("sp")).head == str(RosterHead.of(state)), "the officer's note has it too"
