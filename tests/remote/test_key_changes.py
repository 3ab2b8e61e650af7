"""Changed keys of desks at the office and at the host: whoever has a tip goes on reading what is written on it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from satark.api.sealing import CantOpen, open_as, open_envelope
from satark.api.tip import Message
from satark.dialogue.session import OpenMailbox
from satark.identity.edge_key import Identity
from satark.ingest.mailbox import Mailboxes
from satark.routing.renewals import tip_verifier
from satark.routing.tip_keys import TipRoot, encode_root
from satark.settings.core import Core
from satark.store import deliveries, tables
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
    link.casework.respond(link.casework.open(seeded.number), status="ACTION", text=f"office {at}")
    await link.exchange_all()
    link.casework_at_host.respond(link.casework_at_host.open(seeded.number), text=f"host {at}")
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


async def test_after_the_offices_key_change_the_host_the_citizen_and_the_office_read_each_other(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    link.change_key_at_office()
    await assert_all_read_each_other(link, seeded)


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


async def test_once_the_office_and_then_the_host_change_their_keys_former_keys_open_nothing(
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
