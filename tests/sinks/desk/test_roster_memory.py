"""What officers remember of the roster, wherever the databases were rolled back to."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import delete, select, update

from satark.api import new_identity
from satark.casework import DeskAdded, NotAllowed, RosterHead, SignedHead, officer_signer, sign_head
from satark.roster.chain import append, read_rows, read_state
from satark.roster.entries import DestinationSet, Entry
from satark.roster.heads import read_heads
from satark.roster.roster import COPY_NAME, Roster
from satark.services import Services
from satark.store.tables import roster, roster_head
from satark_desk import roster_memory
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import KeyLost, NewOfficer, add_officer, rotate, unlock, unlock_any
from satark_desk.roster_memory import Recalled, agree, mark_shown, recall, unseen_entries
from satark_desk.tables import officer

Open = Callable[[str], UnlockedDesk]
SECONDS = "another passphrase"


def rolled_back(services: Services, *, forget: bool = True) -> None:
    """Delete the newest entry, this machine's copy, and what officers signed; let the process forget all of it."""
    newest = services.read_keys(read_state).position
    services.write_now(lambda unit: unit.keys.execute(delete(roster).where(roster.c.position == newest)))
    if forget:
        services.write_now(lambda unit: unit.keys.execute(delete(roster_head)))
    copy = services.evidence_dir.parent / COPY_NAME
    copy.unlink()
    vars(services.roster).update(vars(Roster(copy)))


def test_each_sign_in_signs_the_newest_head_once(services: Services, unlocked: Open) -> None:
    unlocked("sp")
    unlocked("sp")
    (signed,) = services.read_keys(read_heads)
    assert (signed.desk, signed.officer, signed.number) == ("sp", "sp-1", 1)
    assert signed.head == str(RosterHead.of(services.read_keys(read_state)))
    add_officer(services, unlocked("dig"), NewOfficer(name="second", passphrase=SECONDS))
    unlocked("sp")
    assert {one.officer: one.number for one in services.read_keys(read_heads)} == {"sp-1": 2, "dig-1": 1}


def test_the_copy_of_the_desks_key_remembers_what_was_deleted(services: Services, unlocked: Open) -> None:
    noted = recall(services, unlocked("sp")).head
    rolled_back(services)
    assert services.read_keys(services.roster.check).lost == ()
    recalled = recall(services, unlocked("sp"))
    assert (recalled.head, recalled.is_lost) == (noted, True)
    assert [str(one) for one in services.read_keys(services.roster.check).lost] == [noted]


def test_a_browser_remembers_what_the_databases_do_not(services: Services, unlocked: Open) -> None:
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
    assert services.read_keys(services.roster.check).state.lacks_heads


def test_an_officer_signs_no_roster_that_others_miss_a_head_of(services: Services, unlocked: Open) -> None:
    unlocked("sp")
    rolled_back(services, forget=False)
    assert recall(services, unlocked("dig")) == Recalled("", is_lost=False), "the browser keeps what it has"
    assert [one.officer for one in services.read_keys(read_heads)] == ["sp-1"]
    state = services.read_keys(services.roster.check).state
    mark_shown(services, unlocked("dig"), state)
    assert str(RosterHead.of(state)) not in {one.head for one in services.read_keys(read_heads)}


def test_nothing_is_carried_out_while_a_head_is_missing(services: Services, unlocked: Open) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=SECONDS))
    before = unlocked("sp")
    services.write_now(lambda unit: append(unit, Entry(body=DestinationSet(to="email:x", desk="sp", recipient=""))))
    unlocked("sp")
    rolled_back(services, forget=False)
    services.read_keys(services.roster.check)
    assert not rotate(services, before).done
    assert unlocked("sp").identity == before.identity
    agree(services, unlocked("sp"))
    with pytest.raises(NotAllowed):
        agree(services, unlock(services, "sp", "second", SECONDS))
    agree(services, unlocked("dig"))
    assert services.read_keys(services.roster.check).lost == ()
    assert unlocked("sp").identity != before.identity, "it waited until the heads agreed"
    assert unlock_any(services, "sp", SECONDS).identity == unlocked("sp").identity


def test_a_key_change_that_was_undone_gets_no_tip_to_the_key_before(services: Services, unlocked: Open) -> None:
    unlocked("dig")
    rotate(services, unlocked("sp"))
    unlocked("sp")
    rolled_back(services)
    with pytest.raises(KeyLost):
        unlocked("sp")
    assert services.read_keys(services.roster.check).state.refused == {"sp"}


def test_what_an_officer_was_shown_is_a_signed_hash(services: Services, unlocked: Open) -> None:
    sp, state = unlocked("sp"), services.read_keys(read_state)
    assert unseen_entries(services, sp, state) == state.position
    mark_shown(services, sp, state)
    assert unseen_entries(services, sp, state) == 0
    services.write_now(lambda unit: unit.keys.execute(update(roster_head).values(shown="00" * 32)))
    assert unseen_entries(services, sp, state) == state.position, "nobody else can write it"


@pytest.fixture
def many_desks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave as little room in a cookie as there is in an installation with many desks."""
    monkeypatch.setattr(roster_memory, "MOST_NOTED", 250)


@pytest.mark.usefixtures("many_desks")
def test_a_head_that_does_not_fit_into_a_cookie_finds_its_tags_again(services: Services, unlocked: Open) -> None:
    before = recall(services, unlocked("sp"))
    assert before.head not in before.noted
    rolled_back(services)
    after = recall(services, unlocked("sp"), before.noted)
    assert (after.head, after.is_lost) == (before.head, True)


def test_a_note_that_somebody_made_up_changes_nothing(services: Services, unlocked: Open) -> None:
    sp, stranger = unlocked("sp"), new_identity()[1]
    own = recall(services, sp)
    head = RosterHead(99, "ab" * 32, "cd" * 32)
    _, signer, signature = own.noted.rsplit(":", 2)
    made_up = msgspec.structs.replace(sp, own_identity=stranger)
    for note in (str(head), f"{head}:{signer}:{signature}", f"{head}:{signer}:zz", roster_memory._note(made_up, head)):
        assert recall(services, sp, note) == own
    assert services.read_keys(services.roster.check).lost == ()
    assert recall(services, sp, roster_memory._note(unlocked("dig"), head)).is_lost, "two officers share a computer"


@pytest.mark.usefixtures("many_desks")
def test_a_head_whose_tags_are_lost_lists_nobody(services: Services, unlocked: Open) -> None:
    query = select(officer.c.desk_key).where(officer.c.name == "sp-1")
    before = services.read(lambda c: c.execute(query).scalar())
    noted = recall(services, unlocked("sp")).noted
    rolled_back(services)
    listed = with_another_level(services)
    services.write_now(
        lambda u: u.main.execute(update(officer).where(officer.c.name == "sp-1").values(desk_key=before))
    )
    assert recall(services, unlocked("sp"), noted).is_lost
    assert services.read_keys(services.roster.check).state.refused == listed
    forged = SignedHead(desk="sp", officer="nobody", signer="", number=0, head="")
    lost = RosterHead.read(noted.split(":")[0])
    assert lost is not None
    _, own = new_identity()
    forged = msgspec.structs.replace(forged, signer=officer_signer(own))
    here = RosterHead.of(services.read_keys(read_state))
    services.write_now(lambda unit: sign_head(unit, forged, own, here, given_up=[lost.hash]))
    assert services.read_keys(services.roster.check).state.refused == listed


def with_another_level(services: Services) -> set[str]:
    """Let every desk be of another level, as whoever writes rows may; return the names of all desks."""
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
    copy = services.evidence_dir.parent / COPY_NAME
    copy.unlink(missing_ok=True)
    vars(services.roster).update(vars(Roster(copy)))
    return set(services.read_keys(read_state).desks)


def test_of_two_heads_that_are_lost_both_must_list_a_desk(services: Services, unlocked: Open) -> None:
    sp = unlocked("sp")
    first = RosterHead.read(recall(services, sp).head)
    assert first is not None
    rolled_back(services)
    tags = sorted(first.listed)
    second = msgspec.structs.replace(first, position=first.position + 1, hash="ab" * 32, tags=b"".join(tags[1:]))
    found = RosterHead.read(recall(services, sp, roster_memory._note(sp, second)).head)
    assert found is not None
    assert (found.hash, found.listed) == ("ab" * 32, frozenset(tags[1:]))
