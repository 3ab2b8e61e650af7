"""After desks change keys at the office or the host, every holder of a tip can still read its messages."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from satark.api.sealing import CantOpen, new_identity, open_as, open_envelope, recipient_of
from satark.api.tip import Envelope, Message
from satark.casework import ActRefused
from satark.dialogue.session import OpenMailbox
from satark.identity.edge_key import Identity
from satark.ingest.mailbox_store import Mailboxes
from satark.remote.offices import apply_key_change, office_of
from satark.roster.chain import Proposal, append, close
from satark.roster.entries import Entry, KeyChange, OfficerSet, RosterOfficer, desk_verifier, officer_signer
from satark.routing.renewals import tip_verifier
from satark.routing.tip_keys import TipRoot, encode_root
from satark.settings.core import Core
from satark.store import deliveries, envelopes, tables
from satark.store.unit_of_work import UnitOfWork
from support.acts import respond
from support.tips import SeededTip

pytestmark = pytest.mark.slow("an office at work")


def write_as_citizen(link: Any, seeded: SeededTip, text: str) -> None:
    """Write to the desks as the holder of the receipt, and tell the office, as a turn does."""
    root = TipRoot(
        tip=seeded.id,
        recipient=seeded.recipient,
        verifier=tip_verifier(seeded.identity),
        receipt=seeded.receipt_recipient,
    )
    mailbox = OpenMailbox(
        tip=seeded.id,
        number=seeded.number,
        recipient=seeded.recipient,
        root=encode_root(root),
        tipster_key=seeded.tipster_key,
    )
    boxes = Mailboxes(Identity(b"e" * 32), Core(), link.host.roster)

    def write(unit: Any) -> None:
        boxes.post(unit, mailbox, Message(sender="tipster", text=text))
        deliveries.add_revision(unit, seeded.id)

    link.host.write_now(write)


def read_by_citizen(link: Any, seeded: SeededTip) -> list[str]:
    """Return the desks' texts to the tipster that the receipt opens."""
    rows = link.rows(link.host, tables.message)
    opened = [open_as(Message, row.sealed, seeded.receipt_identity) for row in rows]
    return [one.text for one in opened if one.sender == "desk"]


async def assert_all_read_each_other(link: Any, seeded: SeededTip, *before: str) -> list[str]:
    """Let the office, the host's desk and the citizen write; check that both desks and the citizen read all of it."""
    await link.exchange_all()
    at = len(before)
    respond(link.casework, link.casework.open(seeded.number), status="ACTION", text=f"office {at}")
    await link.exchange_all()
    respond(link.casework_at_host, link.casework_at_host.open(seeded.number), text=f"host {at}")
    link.add_revision(seeded)
    write_as_citizen(link, seeded, f"citizen {at}")
    await link.exchange_all()
    thread = [*before, f"office {at}", f"host {at}", f"citizen {at}"]
    assert link.thread_at_host(seeded.number) == thread
    assert link.thread_at_office(seeded.number) == thread
    assert link.casework_at_host.open(seeded.number).status == "ACTION"
    assert link.casework_at_host.open(seeded.number).damaged == link.casework.open(seeded.number).damaged == 0
    assert read_by_citizen(link, seeded) == [text for text in thread if not text.startswith("citizen")]
    return thread


async def test_after_the_offices_key_change_host_citizen_and_office_read_each_other(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    link.change_key_at_office()
    await assert_all_read_each_other(link, seeded)


async def test_an_office_announces_its_key_until_the_hosts_roster_lists_it(link: Any) -> None:
    link.change_key_at_office()
    office = link.host.read(lambda c: office_of(c, link.host.keys, "sp"))
    await link.host_outbox.send_directory(office, link.connection.publish, again=True)
    await link.receive_at_office()
    assert len(link.rows(link.office, tables.office_outbox)) == 1, "the host has not applied it"
    await link.agent.send_due_answers(link.connection)
    await link.receive_at_host()
    link.connection.to_offices.clear()  # the broker loses what the host says
    assert len(link.rows(link.office, tables.office_outbox)) == 1
    link.office.write_now(lambda unit: unit.main.execute(update(tables.office_outbox).values(sent_at=0)))
    await link.exchange_all()
    assert link.rows(link.office, tables.office_outbox) == []


async def test_a_roster_that_a_broker_lost_is_sent_again_the_next_day(
    link: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    link.change_key_at_host()
    link.add_revision(seeded)
    await link.send_roster()
    await link.deliver()
    link.connection.to_offices.clear()
    link.add_revision(seeded)
    await link.exchange_all()
    assert link.casework.open(seeded.number).outdated or link.casework.open(seeded.number).altered
    now = time.time_ns()
    monkeypatch.setattr("satark.remote.host_outbox.time.time_ns", lambda: now + 86_400 * 10**9)
    link.add_revision(seeded)
    await link.exchange_all()
    assert not link.casework.open(seeded.number).outdated
    assert not link.casework.open(seeded.number).altered


async def test_an_offices_new_key_counts_once_a_head_above_confirmed_it(link: Any) -> None:
    recipient, head = new_identity()
    listed = RosterOfficer(name="rao", recipient=recipient, signer=officer_signer(head), role="head")
    link.host.write_now(lambda unit: append(unit, Entry(body=OfficerSet(desk="dig", officer=listed))))
    link.host.write_now(lambda unit: close(unit, ()))
    old = link.sp.recipient
    link.change_key_at_office()

    async def send_again() -> str:
        link.office.write_now(lambda unit: unit.main.execute(update(tables.office_outbox).values(sent_at=0)))
        await link.exchange_all()
        return str(link.host.desk("sp").recipient)

    assert [await send_again(), await send_again()] == [old, old]
    (waiting,) = link.host.read(Proposal.all)
    signed = replace(waiting, entry=waiting.entry.signed_with(("dig", "rao"), head))
    link.host.write_now(signed.carry_out)
    assert await send_again() == recipient_of(link.sp_identity)
    assert link.rows(link.office, tables.office_outbox) == []
    link.sp = replace(link.sp, recipient=recipient_of(link.sp_identity))
    seeded = link.seed_tip()
    await link.exchange_all()
    link.casework.note(link.casework.open(seeded.number), "seen")
    await link.exchange_all()
    assert link.thread_at_host(seeded.number) == ["seen"]


async def test_a_clerks_own_verifier_beside_the_listed_recipient_is_never_used(link: Any) -> None:
    link.host.write_now(lambda unit: close(unit, ()))
    _, mine = new_identity()
    old = link.sp.recipient
    change = KeyChange(desk="sp", replaces=old, recipient=old, verifier=desk_verifier(mine)).proved_by(link.sp_identity)
    listed = link.rows(link.host, tables.office)
    assert link.host.write_now(lambda unit: apply_key_change(unit, "sp", change)) is False
    assert link.rows(link.host, tables.office) == listed


async def test_after_key_changes_on_both_sides_in_any_order_all_read_each_other(link: Any) -> None:
    seeded = link.seed_tip()
    thread: list[str] = []
    await link.exchange_all()
    for change in (link.change_key_at_host, link.change_key_at_office, link.change_key_at_office):
        change()
        thread = await assert_all_read_each_other(link, seeded, *thread)
    link.change_key_at_office()  # both desks change their keys before either knows of the other's change
    link.change_key_at_host()
    await assert_all_read_each_other(link, seeded, *thread)


async def test_once_office_and_host_change_their_keys_former_keys_open_nothing(
    link: Any,
) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    former = link.sp_identity
    link.change_key_at_office()
    await link.exchange_all()
    link.change_key_at_host()
    await link.exchange_all()
    await assert_all_read_each_other(link, seeded)
    for side in (link.host, link.office):
        for row in side.read_keys(lambda c: c.execute(select(tables.envelope)).all()):
            with pytest.raises(CantOpen):
                open_envelope(row.sealed, former, tip=row.tip, desk="sp")
        for row in link.rows(side, tables.message):
            with pytest.raises(CantOpen):
                open_as(Message, row.sealed, seeded.identity)


def put_back(link: Any, side: Any, forged: Envelope, key_changes: bytes, recipient: str) -> None:
    """Replace the office's envelope and the tip's row, as a person who writes to one side's databases can."""

    def write(unit: UnitOfWork) -> None:
        revision = unit.main.execute(select(tables.tip.c.revision)).scalar_one()
        row = {"key_changes": key_changes, "recipient": recipient, "revision": revision + 1}
        envelopes.store(unit, forged.tip, "sp", envelopes.seal(forged, link.sp.recipient))
        unit.main.execute(update(tables.tip).values(row))
        if side is link.host:
            deliveries.add_revision(unit, forged.tip)

    side.write_now(write)


@pytest.mark.parametrize("side", ["host", "office"])
async def test_a_removed_officer_with_the_tips_former_key_reads_no_later_words_of_an_office(
    link: Any, side: str
) -> None:
    """They put back former rows: at the host until the office was told, or at the office."""
    seeded = link.seed_tip()
    await link.exchange_all()
    kept = link.casework.open(seeded.number).envelope
    link.change_key_at_host()
    await link.exchange_all()
    put_back(link, getattr(link, side), kept, b"", seeded.recipient)
    await link.exchange_all()
    opened = link.casework.open(seeded.number)
    assert opened.altered == (side == "office")
    with pytest.raises(ActRefused) if side == "office" else nullcontext():
        link.casework.note(opened, "we search on Monday")
    await link.exchange_all()
    for row in link.rows(link.host, tables.message):
        with pytest.raises(CantOpen):
            open_as(Message, row.sealed, kept.identity)


@pytest.mark.parametrize("side", ["host", "office"])
async def test_a_release_that_an_operator_forged_is_shown_at_an_office_and_not_written_on(link: Any, side: str) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    kept, key = link.casework.open(seeded.number).envelope, new_identity()[1]
    forged = replace(kept, identity=new_identity()[1], tip_recipient=recipient_of(key), tip_verifier=tip_verifier(key))
    put_back(link, getattr(link, side), forged, b"", seeded.recipient)
    await link.exchange_all()
    opened = link.casework.open(seeded.number)
    assert opened.altered == (side == "office"), "of the host's, the office takes nothing"
    with pytest.raises(ActRefused) if side == "office" else nullcontext():
        link.casework.note(opened, "we search on Monday")
    await link.exchange_all()
    for row in link.rows(link.host, tables.message):
        with pytest.raises(CantOpen):
            open_as(Message, row.sealed, key)
