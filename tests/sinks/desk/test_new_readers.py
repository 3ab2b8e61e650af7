"""Nobody becomes a reader of a desk by a proposal's row, by founding a desk, or with a key that officers took away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from satark.api.sealing import CantOpen, new_identity, open_as, open_envelope
from satark.api.tip import Message
from satark.casework import Clocks, DeskAct, DeskActs, DestinationSet, NotAllowed, Proposal, Role
from satark.casework.errors import NoSuchTip
from satark.delivery.destination_reader import DestinationReader
from satark.roster.entries import DeskAdded, Entry, KeyChange, desk_verifier, officer_signer
from satark.routing.desks import close_roster
from satark.services import Services
from satark.store import envelopes, tables
from satark_desk.desk_keys import UnlockedDesk, key_context, open_desk_key, seal_desk_key
from satark_desk.officers import NewDesk, NewOfficer, add_officer, make_desk, remove_officer, unlock
from satark_desk.own_keys import change_passphrase
from satark_desk.passphrases import WrappedKey, unwrap
from satark_desk.roster_changes import RosterAttachment, Submitted, approve, submit
from satark_desk.tables import officer
from support.destination_key import DestinationKey
from support.tips import claim_delivery, seed_tip

pytestmark = pytest.mark.slow("keys of several officers")

Open = Callable[[str], UnlockedDesk]
FIRST, NEW, OTHER = "leiter mond 38 zwiebel", "purana kuan neem ka ped", "zitrone gabel 61 wolf"


@pytest.fixture(autouse=True)
def closed(services: Services, unlocked: Open) -> None:
    """The founding is over, and the heads have signed in."""
    services.write_now(lambda unit: close_roster(unit, ()))
    for desk in ("sp", "dig"):
        unlocked(desk)


def swap(services: Services, entry: Entry, attachment: RosterAttachment) -> None:
    """Put another entry into the row of the only proposal, as the owner of the database can."""
    row = {
        "id": Proposal(entry=entry).row,
        "entry": entry.encode(),
        "attachment": msgspec.msgpack.encode(attachment),
    }
    services.write_now(lambda unit: unit.main.execute(update(tables.roster_proposal).values(row)))


def stored(services: Services) -> tuple[Entry, RosterAttachment]:
    row = services.read(lambda c: c.execute(select(tables.roster_proposal)).one())
    return Entry.decode(row.entry), msgspec.msgpack.decode(row.attachment, type=RosterAttachment)


def opens(services: Services, holder: str, identity: str, tip: str) -> bool:
    sealed = services.read_keys(lambda c: envelopes.find(c, tip, holder))
    assert sealed
    try:
        open_envelope(sealed, identity, tip=tip, desk=holder)
    except CantOpen:
        return False
    return True


def test_the_key_of_a_founded_desk_changes_when_its_head_first_signs_in(services: Services, unlocked: Open) -> None:
    """Whoever ran the commands of the founding may have kept it."""
    founded, tip = services.desk("lanka").recipient, seed_tip(services, [services.desk("lanka")])
    assert unlocked("lanka").desk.recipient != founded
    assert unlocked("lanka").desk.recipient == services.desk("lanka").recipient
    assert [one.id for one in unlocked("lanka").casework(services).summaries()] == [tip.id]


def test_a_person_who_founded_a_desk_with_a_key_that_they_keep_reads_nothing_once_its_head_signed_in(
    services: Services, unlocked: Open
) -> None:
    row = services.read(lambda c: c.execute(select(officer).where(officer.c.desk == "lanka")).one())
    own = unwrap(
        msgspec.convert(row, WrappedKey, from_attributes=True), "lanka passphrase 1", key_context("lanka", row.name)
    )
    kept = open_desk_key(row.desk_key, "lanka", row.name, own or "")
    assert kept
    before = seed_tip(services, [services.desk("lanka")])
    assert opens(services, "lanka", kept.identity, before.id)
    unlocked("lanka")
    assert not opens(services, "lanka", kept.identity, before.id), "the tip has another key"
    assert not opens(services, "lanka", kept.identity, seed_tip(services, [services.desk("lanka")]).id)


def propose(services: Services) -> tuple[Submitted, Entry, RosterAttachment]:
    """The operator proposes a second desk of the SP's level."""
    new = NewDesk(name="sp2", title="SP", level="district", area="", officer="malik", passphrase=FIRST, temporary=True)
    made = make_desk(services, new)
    assert made
    assert made.code
    return made, *stored(services)


def test_a_person_who_made_a_new_desks_key_reads_nothing_once_its_head_signed_in(
    services: Services, unlocked: Open
) -> None:
    made, entry, attachment = propose(services)
    row, body = attachment.officer, entry.body
    assert isinstance(body, DeskAdded)
    own = unwrap(msgspec.convert(row, WrappedKey), FIRST, key_context("sp2", "malik"))
    kept = open_desk_key(attachment.desk_key, "sp2", "malik", own or "")
    assert kept
    assert [approve(services, unlocked(one), made.id, made.code).done for one in ("sp", "dig")] == [False, True]
    assert "sp2" not in {one.name for one in services.signers().sealable}, "until then the desks above have its tips"
    tip = (work := unlocked("dig").casework(services)).open(seed_tip(services, [unlocked("dig").desk]).number)
    assert "sp2" not in {one.name for one in work.directing.allowed_targets(tip)}
    changed = change_passphrase(services, unlock(services, "sp2", "malik", FIRST), FIRST, NEW)
    assert changed.identity != kept.identity
    assert "sp2" in {one.name for one in work.directing.allowed_targets(tip)}
    assert not opens(services, "sp2", kept.identity, seed_tip(services, [services.desk("sp2")]).id)


@pytest.mark.parametrize("altered", ["key", "office", "officer", "level", "area", "code"])
def test_a_desk_that_somebody_altered_in_the_row_of_its_proposal_is_signed_by_nobody(
    services: Services, unlocked: Open, altered: str
) -> None:
    """Nobody signed a proposal of a desk, so the owner of the database writes what they like. The code shows it."""
    made, entry, attachment = propose(services)
    recipient, identity = new_identity()
    body = entry.body
    assert isinstance(body, DeskAdded)
    keys = {"desk": replace(body.desk, recipient=recipient), "verifier": desk_verifier(identity)}
    head = replace(body.officers[0], recipient=recipient, signer=officer_signer(identity))
    forged: dict[str, dict[str, Any]] = {
        "key": keys,
        "office": {**keys, "officers": ()},
        "officer": {"officers": (head,)},
        "level": {"desk": replace(body.desk, level="range")},
        "area": {"desk": replace(body.desk, area="varanasi")},
        "code": {**keys, "code": ""},
    }
    swap(services, replace(entry, body=replace(body, **forged[altered])), attachment)
    (waiting,) = services.read(Proposal.all)
    for signer in ("sp", "dig"):
        with pytest.raises(NotAllowed, match="this is not the code"):
            approve(services, unlocked(signer), waiting.id, made.code)
    swap(services, entry, attachment)
    assert not approve(services, unlocked("sp"), made.id, made.code.upper()).done


def test_a_swapped_key_in_a_pending_removal_is_signed_by_nobody(services: Services, unlocked: Open) -> None:
    roles: tuple[tuple[str, Role], ...] = (("head2", "head"), ("third", "officer"))
    for name, role in roles:
        added = add_officer(services, unlocked("sp"), NewOfficer(name=name, passphrase=f"{name} {OTHER}", role=role))
        if not added.done:
            approve(services, unlocked("dig"), added.id)
            unlocked("sp")
    remove_officer(services, unlocked("sp"), "head2")
    entry, attachment = stored(services)
    recipient, identity = new_identity()
    body: Any = replace(entry.body, recipient=recipient, verifier=desk_verifier(identity), proof="")
    proved = KeyChange.of("sp", unlocked("sp").identity, identity, removed="head2")
    for forged in (body, proved):
        for by in (("", ""), entry.by):
            swap(services, replace(entry, body=forged, by=by, signatures=()), attachment)
            (waiting,) = services.read(Proposal.all)
            for who, passphrase in (("third", f"third {OTHER}"), ("sp-1", "sp passphrase 1")):
                with pytest.raises(NotAllowed):
                    approve(services, unlock(services, "sp", who, passphrase), waiting.id)


@pytest.mark.parametrize("change", ["taken away", "another key", "another desk"])
def test_a_destinations_former_key_reads_nothing_new(
    services: Services, unlocked: Open, tmp_path: Path, change: str
) -> None:
    key = DestinationKey(tmp_path, to="email:cell")
    services.destination_rules = (rule := key.rule,)
    bodies = [DestinationSet(to=rule.to, desk="sp", recipient=one) for one in (rule.recipient, "", new_identity()[0])]
    bodies.append(replace(bodies[0], desk="dig"))
    changed = bodies[["", "taken away", "another key", "another desk"].index(change)]
    let_read(services, unlocked, bodies[0])
    seeded = seed_tip(services, [unlocked("sp").desk], destination_rules=[rule])
    reader = DestinationReader(services, rule)
    assert reader.find(seeded.number).id == seeded.id
    let_read(services, unlocked, changed)
    with pytest.raises(NoSuchTip):
        reader.find(seeded.number)
    with pytest.raises(CantOpen):
        reader.open(claim_delivery(services, rule.to))
    tip = (work := unlocked("sp").casework(services)).open(seeded.number)
    DeskActs(services, work, Clocks()).perform(tip, DeskAct(name="note", text="after it"))
    query = select(tables.message.c.sealed).where(tables.message.c.tip == seeded.id)
    (sealed,) = services.read(lambda c: c.execute(query).scalars().all())
    former = services.read_keys(lambda c: envelopes.find(c, seeded.id, rule.to))
    assert former
    with pytest.raises(CantOpen):
        open_as(Message, sealed, open_envelope(former, key.identity, tip=seeded.id, desk=rule.to).identity)
    assert (rule.to in tip.access.readers) is (change == "another key"), "its new key reads on"


def test_a_moved_destination_reads_no_tip_of_its_former_desk_whatever_the_settings_say(
    services: Services, unlocked: Open, tmp_path: Path
) -> None:
    services.destination_rules = (rule := DestinationKey(tmp_path, to="email:cell").rule,)
    reads = DestinationSet(to=rule.to, desk="sp", recipient=rule.recipient)
    let_read(services, unlocked, reads)
    seeded = seed_tip(services, [unlocked("sp").desk], destination_rules=[rule])
    let_read(services, unlocked, replace(reads, desk="dig"))
    services.destination_rules = (moved := rule.model_copy(update={"desk": "dig"}),)
    with pytest.raises(NoSuchTip):
        DestinationReader(services, moved).find(seeded.number)


def let_read(services: Services, unlocked: Open, body: DestinationSet) -> None:
    made = submit(services, unlocked("sp"), body, RosterAttachment())
    assert made.done or approve(services, unlocked("dig"), made.id).done


def test_a_key_change_beside_an_officers_new_passphrase_is_made_again(
    services: Services, unlocked: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officer sets it in another process, between the reading of the officers' keys and the proposal."""
    for name in ("first", "second"):
        added = add_officer(services, unlocked("sp"), NewOfficer(name=name, passphrase=FIRST, temporary=True))
        if not added.done:
            approve(services, unlocked("dig"), added.id)
    unlocked("sp")
    change_passphrase(services, unlock(services, "sp", "first", FIRST), FIRST, OTHER)
    row = services.read(lambda c: c.execute(select(officer).where(officer.c.name == "second")).one())
    context = key_context("sp", "second")
    own = unwrap(msgspec.convert(row, WrappedKey, from_attributes=True), FIRST, context)
    store, copies = Proposal.store, list[bytes]()

    def seal(desk: str, name: str, identity: str, recipient: str) -> bytes:
        if name == "second" and not copies:
            copies.append(b"")
            change_passphrase(services, unlock(services, "sp", "second", FIRST), FIRST, NEW)
        return seal_desk_key(desk, name, identity, recipient)

    def note(proposal: Proposal, unit: Any) -> None:
        copies.append(msgspec.msgpack.decode(proposal.attachment, type=RosterAttachment).copies.get("second", b""))
        store(proposal, unit)

    monkeypatch.setattr("satark_desk.officers.seal_desk_key", seal)
    monkeypatch.setattr(Proposal, "store", note)
    present = unlocked("sp").identity
    assert len(copies) == 2, "of the first change nothing was stored"
    opened = (open_desk_key(copy, "sp", "second", (own or "").split()[0]) for copy in copies)
    assert present not in {one.identity.split()[0] for one in opened if one}
