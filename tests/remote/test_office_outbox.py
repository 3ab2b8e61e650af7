"""At an office: answers that wait for the host, and changes of the desk's key."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from satark.api.sealing import encrypt_alike, new_identity, recipient_of
from satark.remote import office_outbox
from satark.remote.messages import OfficeAnswer, SignedAnswer, encode
from satark.remote.office_outbox import RESEND_AFTER, queue_key_change
from satark.roster.entries import desk_verifier
from satark.store import tables
from support.acts import respond


@pytest.mark.slow("a host and its offices")
async def test_an_answer_that_is_confirmed_during_a_read_is_shown_exactly_once(
    link_on_each_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_on_each_database
    seeded = link.seed_tip()
    await link.exchange_all()
    respond(link.casework, link.casework.open(seeded.number), status="ASSIGNED", text="देख रहे हैं")
    await link.agent.send_due_answers(link.connection)
    await link.receive_at_host()
    await link.deliver()
    work, pending_answers = link.casework, office_outbox.pending_answers

    def meanwhile(*arguments: Any) -> Any:
        asyncio.run_coroutine_threadsafe(link.receive_at_office(), loop).result(30)
        return pending_answers(*arguments)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(office_outbox, "pending_answers", meanwhile)
    opened = await asyncio.to_thread(work.open, seeded.number)
    monkeypatch.undo()
    assert [posted.message.text for posted in opened.thread] == ["देख रहे हैं"]
    assert link.thread_at_office(seeded.number) == ["देख रहे हैं"]


@pytest.mark.slow("a host and its offices")
async def test_a_lost_answer_or_confirmation_is_sent_again(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    link.casework.note(link.casework.open(seeded.number), "सुनिए")
    for lost in ("to_host", "to_office"):
        await link.agent.send_due_answers(link.connection)
        await link.agent.send_due_answers(link.connection)
        assert len(link.connection.to_host) == 1
        if lost == "to_host":
            link.connection.to_host = []
        await link.receive_at_host()
        await link.deliver()
        link.connection.to_offices = []
        earlier = update(tables.office_outbox).values(sent_at=tables.office_outbox.c.sent_at - RESEND_AFTER)
        link.office.write_now(lambda unit, earlier=earlier: unit.main.execute(earlier))
    assert link.casework.open(seeded.number).pending_answers == 1
    await link.exchange_all()
    assert link.casework.open(seeded.number).pending_answers == 0
    assert link.thread_at_host(seeded.number) == ["सुनिए"]


@pytest.mark.slow("a third of a second of a processor")
async def test_after_a_key_change_tips_in_transit_can_be_opened_and_answers_are_accepted(link: Any) -> None:
    before = link.seed_tip()
    await link.exchange_all()
    link.casework.note(link.casework.open(before.number), "पुरानी चाबी से")
    on_its_way = link.seed_tip()
    await link.deliver()
    old = link.sp_identity
    _, link.sp_identity = new_identity()
    link.office.write_now(lambda unit: queue_key_change(unit, "sp", old, link.sp_identity))
    await link.exchange_all()
    link.sp = msgspec.structs.replace(link.sp, recipient=recipient_of(link.sp_identity))
    after = link.seed_tip()
    link.casework.note(link.casework.open(before.number), "नई चाबी से")
    await link.exchange_all()
    assert {summary.header.number for summary in link.casework.summaries()} >= {on_its_way.number, after.number}
    assert link.thread_at_host(before.number) == ["पुरानी चाबी से", "नई चाबी से"]
    (desk,) = [row for row in link.rows(link.host, tables.desk) if row.name == "sp"]
    assert desk.recipient == recipient_of(link.sp_identity)
    assert link.rows(link.office, tables.office_outbox) == []


@pytest.mark.slow("a host and its offices")
async def test_two_key_changes_with_lost_confirmations_are_applied_in_order(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    keys = [link.sp_identity, new_identity()[1], new_identity()[1]]
    for old, new in pairwise(keys):
        link.office.write_now(lambda unit, old=old, new=new: queue_key_change(unit, "sp", old, new))
    await link.agent.send_due_answers(link.connection)
    await link.receive_at_host()
    link.connection.to_offices = []
    earlier = update(tables.office_outbox).values(sent_at=0)
    link.office.write_now(lambda unit: unit.main.execute(earlier))
    await link.exchange_all()
    link.sp_identity = keys[-1]
    assert link.host.roster_state().desks["sp"].verifier == public(keys[-1])
    assert link.casework.open(seeded.number).tip == seeded.tip
    assert link.rows(link.office, tables.office_outbox) == []


@pytest.mark.slow("a host and its offices")
@pytest.mark.parametrize("signature", [bytes(64), b"none", None], ids=["zeros", "short", "no message"])
async def test_a_key_change_signs_no_answer_that_the_desks_key_did_not_sign_and_says_so(
    link: Any, signature: bytes | None
) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    link.casework.note(link.casework.open(seeded.number), "of an officer")
    sealed = encrypt_alike(b"of the database's owner")
    forged = OfficeAnswer(id=bytes(16), desk="sp", tip=seeded.id, sealed=sealed, internal=False)
    message = b"" if signature is None else encode(SignedAnswer(answer=encode(forged), signature=signature))
    row = {"id": forged.id, "desk": "sp", "tip": seeded.id, "sealed": sealed, "message": message}
    row |= {"position": time.time_ns(), "state": "due", "sent_at": 0}
    link.office.write_now(lambda unit: unit.main.execute(tables.office_outbox.insert().values(row)))
    with capture_logs() as logged:
        for _ in range(2):
            link.change_key_at_office()
    await link.exchange_all()
    await link.exchange_all()
    assert link.thread_at_host(seeded.number) == ["of an officer"]
    assert [row.state for row in link.rows(link.office, tables.office_outbox)] == ["refused"]
    assert any("that the desk's key did not sign" in line["event"] for line in logged)


def public(identity: str) -> str:
    return desk_verifier(identity)
