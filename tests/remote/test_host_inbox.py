"""At the host: each answer of an office is accepted once, in order, and only from the right desk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import update

from satark.api.routing import Desk, DestinationRule, Level, NoSuchDesk
from satark.api.sealing import CantOpen, new_identity, open_as, recipient_of, seal
from satark.api.sink import CarrierError, MessageRejected
from satark.api.tip import CaseStep, Message, RetentionStep
from satark.casework import ActRefused
from satark.casework.hold_rules import keeping_of
from satark.identity.signatures import signing_key
from satark.remote import host_inbox
from satark.remote.frames import message_frames, seal_frame
from satark.remote.link_keys import OfficePairing
from satark.remote.messages import ANSWER_DOMAIN, DirectedDesk, OfficeAnswer, SignedAnswer, encode
from satark.remote.office_outbox import new_answer, queue_answer
from satark.remote.offices import register
from satark.roster.chain import append
from satark.roster.entries import DESK_USE, Entry, KeyChange
from satark.routing.authors import Writer, _statement
from satark.routing.desks import add_desk
from satark.routing.renewals import tip_verifier
from satark.routing.sent import TIP_USE
from satark.routing.tip_keys import TipRoot, TipsterReader
from satark.store import envelopes, tables
from satark.store.unit_of_work import UnitOfWork
from support.acts import direct_whole, respond
from support.tips import seed_file_state

pytestmark = pytest.mark.slow("an office at work")


async def test_an_answer_reaches_the_tipster_and_the_other_desk_once(link_on_each_database: Any) -> None:
    link = link_on_each_database
    seeded = link.seed_tip()
    await link.exchange_all()
    respond(link.casework, link.casework.open(seeded.number), status="ACTED", text="धन्यवाद")
    link.casework.note(link.casework.open(seeded.number), "अंदर की बात")
    opened = link.casework.open(seeded.number)
    assert (opened.status, opened.pending_answers) == ("ACTED", 2)
    await link.exchange_all()
    opened = link.casework.open(seeded.number)
    assert (opened.status, opened.pending_answers) == ("ACTED", 0)
    assert link.thread_at_office(seeded.number) == link.thread_at_host(seeded.number) == ["धन्यवाद", "अंदर की बात"]
    rows = link.rows(link.host, tables.message)
    read = open_as(Message, rows[0].sealed, seeded.receipt_identity)
    assert read.text == "धन्यवाद"
    root = TipRoot(tip=seeded.id, recipient=seeded.recipient, verifier=tip_verifier(seeded.identity))
    assert TipsterReader(root, b"", link.host.roster_state()).may_show(1, read)
    assert [row.notified for row in rows] == [False, True]


async def test_repeated_and_reordered_answers_appear_once_and_in_order(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    for n in range(4):
        link.casework.note(link.casework.open(seeded.number), str(n))
    for _ in range(8):
        await link.agent.send_due_answers(link.connection)
        assert len(link.connection.to_host) <= 1  # the next one waits for the last
        recorded = list(link.connection.to_host)
        link.connection.to_host = recorded * 3
        await link.receive_at_host()
        link.connection.to_host = []
        await link.deliver()
        link.connection.to_offices.reverse()
        await link.receive_at_office()
        for message in recorded:
            await link.host_inbox.accept(message, link.connection.publish)
    await link.exchange_all()
    assert link.thread_at_host(seeded.number) == link.thread_at_office(seeded.number) == ["0", "1", "2", "3"]


async def test_an_office_directs_a_tip_to_a_desk_at_the_host(link: Any) -> None:
    recipient, _ = new_identity()
    lanka = msgspec.structs.replace(link.dig, name="lanka", title="Lanka", level="station", recipient=recipient)
    link.host.write_now(lambda unit: add_desk(unit, lanka))
    seeded = link.seed_tip()
    await link.exchange_all()
    opened = link.casework.open(seeded.number)
    assert [desk.name for desk in link.casework.directing.allowed_targets(opened)] == ["dig", "lanka"]
    direct_whole(link.casework, opened, "lanka", "जाँच करें")
    await link.exchange_all()
    assert link.thread_at_office(seeded.number) == ["→ Lanka: जाँच करें"]
    destinations = {row.destination for row in link.rows(link.host, tables.delivery)}
    assert destinations == {"list:sp", "desk:*"}
    assert [*link.host.read_keys(lambda c: envelopes.tips_of(c, "lanka"))] == [seeded.id]


DESTINATION_RULES = (
    DestinationRule(
        to="email:dig-cell", desk="dig", recipient=new_identity()[0], identity_file=Path("/a/host's/secret")
    ),
    DestinationRule(to="folder:dig", desk="dig"),
    DestinationRule(to="email:arms", desk="dig", categories=("ARMS",)),
    DestinationRule(to="email:other", desk="sp"),
)


def queued_destinations(link: Any) -> set[str]:
    return {row.destination for row in link.rows(link.host, tables.delivery)} - {"list:sp"}


async def test_a_directed_tip_reaches_the_desks_destinations_too(link: Any) -> None:
    link.host.destination_rules = DESTINATION_RULES
    seeded = link.seed_tip(to=(link.sp,), evidence=("1",))
    seed_file_state(link.host, seeded, "1", "due")
    await link.exchange_all()
    (host_link,) = link.rows(link.office, tables.host_link)
    assert b"secret" not in host_link.destination_rules
    direct_whole(link.casework, link.casework.open(seeded.number), "dig", "देखें")
    await link.exchange_all()
    assert queued_destinations(link) == {"desk:*", "email:dig-cell", "folder:dig"}
    assert [*link.host.read_keys(lambda c: envelopes.tips_of(c, "email:dig-cell"))] == [seeded.id]
    assert link.thread_at_office(seeded.number) == ["→ DIG: देखें"]


@pytest.mark.parametrize(
    "now",
    [
        DestinationRule(to="email:dig-cell", desk="sp", recipient=DESTINATION_RULES[0].recipient),
        DestinationRule(to="email:dig-cell", desk="dig", recipient=new_identity()[0]),
        DestinationRule(to="email:elsewhere", desk="dig"),
    ],
    ids=["another desk's", "another key", "gone"],
)
async def test_the_hosts_settings_decide_which_destinations_get_a_directed_tip(now: DestinationRule, link: Any) -> None:
    link.host.destination_rules = DESTINATION_RULES[:1]
    seeded = link.seed_tip(to=(link.sp,))
    await link.exchange_all()
    link.host.destination_rules = (now,)
    direct_whole(link.casework, link.casework.open(seeded.number), "dig", "देखें")
    await link.exchange_all()
    assert queued_destinations(link) == {"desk:*"}
    assert link.casework.open(seeded.number).unsigned[0].message.text.startswith("✗ A key has changed")


async def test_a_tip_directed_to_a_changed_key_is_reported_and_not_handed_over(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    recipient, identity = new_identity()
    changed = update(tables.desk).where(tables.desk.c.name == "dig").values(recipient=recipient)
    entry = Entry(body=KeyChange.of("dig", link.dig_identity, identity))
    before = link.host.read_keys(lambda c: c.execute(tables.envelope.select()).all())
    link.host.write_now(lambda unit: [unit.main.execute(changed), append(unit, entry)])
    direct_whole(link.casework, link.casework.open(seeded.number), "dig", "देखें")
    await link.exchange_all()
    assert link.host.read_keys(lambda c: c.execute(tables.envelope.select()).all()) == before
    assert link.casework.open(seeded.number).unsigned[0].message.text.startswith("✗ A key has changed")


async def test_no_former_key_of_the_tip_opens_the_hosts_messages(link: Any) -> None:
    seeded = link.seed_tip()
    link.change_key_at_host()
    await link.exchange_all()
    recipient, identity = new_identity()
    changed = update(tables.desk).where(tables.desk.c.name == "dig").values(recipient=recipient)
    entry = Entry(body=KeyChange.of("dig", link.dig_identity, identity))
    link.host.write_now(lambda unit: [unit.main.execute(changed), append(unit, entry)])
    direct_whole(link.casework, link.casework.open(seeded.number), "dig", "देखें")
    await link.exchange_all()
    reported = link.rows(link.host, tables.message)[-1].sealed
    with pytest.raises(CantOpen):
        open_as(Message, reported, seeded.identity)
    assert link.casework.open(seeded.number).unsigned[0].message.text.startswith("✗ A key has changed")


async def test_an_office_can_not_direct_a_tip_to_a_desk_that_the_tip_is_about(link: Any) -> None:
    seeded = link.seed_tip(excluded=("dig",))
    await link.exchange_all()
    opened = link.casework.open(seeded.number)
    assert link.casework.directing.allowed_targets(opened) == []
    with pytest.raises(NoSuchDesk):
        direct_whole(link.casework, opened, "dig", "x")


def signed(answer: OfficeAnswer, identity: str) -> bytes:
    encoded = encode(answer)
    return encode(SignedAnswer(answer=encoded, signature=signing_key(identity, DESK_USE).sign(ANSWER_DOMAIN + encoded)))


async def test_an_answer_that_no_officer_of_the_desk_signed_is_rejected(link: Any, stranger_key: Any) -> None:
    seeded = link.seed_tip()
    text = Message(sender="desk", desk="sp", status="CLOSED", text="forged")
    sealed = seal(text, seeded.recipient, seeded.receipt_recipient)
    answer = OfficeAnswer(id=os.urandom(16), desk="sp", tip=seeded.id, sealed=sealed, internal=False)
    another = new_identity()[1]
    to = link.host_key.public_keys

    def frame(message: bytes, desk: str = "sp", direction: Any = "to_host", key: Any = link.office_key) -> bytes:
        (one,) = message_frames(desk, direction, message)
        return seal_frame(one, key, to)

    as_dig = msgspec.structs.replace(answer, desk="dig")
    good = signed(answer, link.sp_identity)
    bad = {
        "another desk's key": frame(signed(answer, another)),
        "no signature": frame(encode(SignedAnswer(answer=encode(answer), signature=b""))),
        "a stranger's machine": frame(good, key=stranger_key),
        "in another desk's name": frame(signed(as_dig, link.sp_identity)),
        "a desk without an office": frame(signed(as_dig, link.dig_identity), desk="dig"),
        "the other way": frame(good, direction="to_office"),
        "cut": frame(good)[:-3],
    }
    for name, message in bad.items():
        with pytest.raises(MessageRejected):
            await link.host_inbox.accept(message, link.connection.publish)
        assert link.rows(link.host, tables.message) == [], name


async def test_an_attacker_who_writes_the_offices_row_answers_in_no_desks_name(link: Any, stranger_key: Any) -> None:
    seeded, (_, identity) = link.seed_tip(), new_identity()
    row = msgspec.structs.asdict(stranger_key.public_keys)
    link.host.write_now(lambda unit: unit.main.execute(update(tables.office).values(row)))
    answer = OfficeAnswer(id=os.urandom(16), desk="sp", tip=seeded.id, sealed=b"x", internal=False)
    (frame,) = message_frames("sp", "to_host", signed(answer, identity))
    with pytest.raises(MessageRejected):
        await link.host_inbox.accept(
            seal_frame(frame, stranger_key, link.host_key.public_keys), link.connection.publish
        )
    assert link.rows(link.host, tables.message) == []


async def test_a_value_that_no_database_can_hold_is_rejected_and_not_retried(
    link_on_each_database: Any, stranger_key: Any
) -> None:
    link = link_on_each_database
    seeded = link.seed_tip()
    to = link.host_key.public_keys
    answer = OfficeAnswer(id=os.urandom(16), desk="sp", tip=seeded.id, sealed=b"x", internal=False)

    def frame(body: bytes, desk: str = "sp", key: Any = link.office_key) -> bytes:
        return seal_frame(replace(next(message_frames("sp", "to_host", body)), desk=desk), key, to)

    bad = [
        frame(b"", desk="a\0b", key=stranger_key),
        frame(b"", desk="a" * 41),
        *(
            frame(signed(replace(answer, **wrong), link.sp_identity))
            for wrong in ({"tip": "a" * 100}, {"tip": "\0" * 32}, {"id": b"x"}, {"id": b"x" * 100})
        ),
    ]
    for message in bad:
        with pytest.raises(MessageRejected):
            await link.host_inbox.accept(message, link.connection.publish)
    assert link.rows(link.host, tables.message) == []


async def test_an_answer_under_the_id_of_another_desks_is_rejected_and_holds_up_nobody(link: Any) -> None:
    other, identity = new_identity()
    desk = Desk(name="so", title="SO", level="district", recipient=other, via="list")
    link.host.write_now(lambda unit: register(unit, desk, OfficePairing.of("so", identity, link.office_key)))
    seeded, id_ = link.seed_tip(), os.urandom(16)

    def frame(answer: OfficeAnswer, key: str) -> bytes:
        (one,) = message_frames(answer.desk, "to_host", signed(answer, key))
        return seal_frame(one, link.office_key, link.host_key.public_keys)

    first = OfficeAnswer(id=id_, desk="sp", tip=seeded.id, sealed=b"x", internal=True)
    await link.host_inbox.accept(frame(first, link.sp_identity), link.connection.publish)
    change = KeyChange.of("so", identity, identity)
    second = OfficeAnswer(id=id_, desk="so", tip="", sealed=b"x", internal=True, new_key=change)
    with pytest.raises(MessageRejected):
        await link.host_inbox.accept(frame(second, identity), link.connection.publish)


async def test_an_office_that_can_not_be_told_of_a_refusal_delays_no_other_office(link: Any) -> None:
    foreign = link.seed_tip()
    await link.exchange_all()
    opened = link.casework.open(foreign.number)
    link.take_away(foreign, "sp")
    respond(link.casework, opened, status="CLOSED", text="x")
    await link.agent.send_due_answers(link.connection)

    async def publish(_: str, __: bytes) -> None:
        raise CarrierError("no queue")

    for message in link.connection.to_host:
        await link.host_inbox.accept(message, publish)


async def test_an_answer_about_a_tip_that_the_desk_does_not_have_is_refused(link: Any) -> None:
    foreign = link.seed_tip()
    await link.exchange_all()
    opened = link.casework.open(foreign.number)
    link.take_away(foreign, "sp")
    respond(link.casework, opened, status="CLOSED", text="x")
    await link.exchange_all()
    assert link.rows(link.host, tables.message) == []
    opened = link.casework.open(foreign.number)
    assert (opened.pending_answers, opened.refused_answers) == (1, 1)
    await link.agent.send_due_answers(link.connection)
    assert link.connection.to_host == []


async def test_a_replayed_answer_changes_nothing(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    respond(link.casework, link.casework.open(seeded.number), status="CLOSED", text="x")
    await link.agent.send_due_answers(link.connection)
    recorded = list(link.connection.to_host)
    await link.exchange_all()
    respond(link.casework, link.casework.open(seeded.number), status="REOPENED", text="y")
    await link.exchange_all()
    link.connection.to_host = recorded * 2
    await link.exchange_all()
    assert link.thread_at_host(seeded.number) == ["x", "y"]
    assert link.casework_at_host.open(seeded.number).status == "REOPENED"


async def test_an_office_neither_takes_a_tip_from_a_desk_above_nor_replaces_its_envelope(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    opened = link.casework.open(seeded.id)
    with pytest.raises(ActRefused):
        link.office.write_now(lambda unit: link.casework.directing.withdraw(unit, opened, "dig", "x"))
    step = Message(sender="desk", desk="sp", internal=True, case=CaseStep(kind="withdrawn", to="dig"))
    directed = DirectedDesk(desk="dig", recipient=link.dig.recipient, envelope=b"garbage", destinations=())
    work = link.casework

    def write(unit: UnitOfWork) -> None:
        envelope, recipient = opened.envelope, recipient_of(opened.envelope.identity)
        for message, given in ((step, None), (msgspec.structs.replace(step, case=None, text="look"), directed)):
            signed = work._writer.signed(message, envelope, 0, unit.now, [recipient])
            work.cache.reader.queue_answer(unit, new_answer("sp", seeded.id, signed, [recipient], given))

    link.office.write_now(write)
    await link.exchange_all()
    dig = link.casework_at_host
    assert [one.message.case for one in dig.open(seeded.id).unsigned] == [step.case]
    dig.note(dig.open(seeded.id), "still ours")
    link.change_key_at_host()
    again = link.casework_at_host
    assert (link.thread_at_host(seeded.id), again.cache.unreadable) == (["look", "still ours"], 0)


@pytest.mark.parametrize(
    ("own", "to", "has_tip", "stored"),
    [
        ("district", "range", True, False),
        ("district", "range", False, True),
        ("district", "station", True, True),
        ("station", "range", False, False),
        ("station", "outpost", True, False),
        ("station", "outpost", False, True),
    ],
)
async def test_an_office_stores_an_envelope_if_its_level_may_give_the_tip(
    link: Any, own: Level, to: Level, *, has_tip: bool, stored: bool
) -> None:
    seeded = link.seed_tip()
    recipient, _ = new_identity()
    desk = Desk(name="other", title="other", level=to, recipient=recipient)
    link.host.write_now(lambda unit: add_desk(unit, desk))
    listed = link.host.roster_state()
    listed.desks["sp"] = replace(listed.desks["sp"], desk=replace(link.sp, level=own))
    directed = DirectedDesk(desk="other", recipient=recipient, envelope=b"new", destinations=())

    def write(unit: UnitOfWork) -> bytes | None:
        if has_tip:
            envelopes.store(unit, seeded.id, "other", b"old")
        answer = new_answer("sp", seeded.id, Message(sender="desk", internal=True), [recipient], directed)
        host_inbox._direct(unit, answer, directed, link.host)
        return envelopes.find(unit.keys, seeded.id, "other")

    before = b"old" if has_tip else None
    assert link.host.write_now(write) == (b"new" if stored else before)


async def test_all_officers_of_an_office_are_one_person_at_the_host(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    steps: list[tuple[RetentionStep, str]] = [("ask_hold", "head"), ("hold", "clerk"), ("ask_lift", "head")]
    for kind, name in [*steps, ("lift", "clerk"), ("ask_erasure", "head"), ("erasure", "clerk")]:
        envelope = link.casework.open(seeded.id).envelope
        message = Message(sender="desk", desk="sp", text=kind, internal=True, retention=kind)
        signed = Writer(name=name, identity=link.sp_identity).signed(message, envelope, 0, 1, [seeded.recipient])
        answer = new_answer("sp", seeded.id, signed, [seeded.recipient], None)
        link.office.write_now(lambda unit, one=answer: queue_answer(unit, one, link.sp_identity))
    await link.exchange_all()
    seen = link.casework_at_host.open(seeded.id)
    state = link.host.roster_state()
    keeping = keeping_of(link.host.retention, seen.header, seen.thread, state)
    assert (keeping.held, keeping.ordered) == (True, False)
    assert [(one.message.text, one.officer) for one in seen.thread][:2] == [("ask_hold", ""), ("hold", "")]
    assert not state.may_act_as_two(("sp", "head"), ("sp", "clerk"))


async def test_a_clerk_of_an_office_writes_in_no_other_name(link: Any) -> None:
    """Neither in a destination's that another desk may have, nor, as such a destination, in that desk's."""
    seeded = link.seed_tip()
    await link.exchange_all()
    opened, work = link.casework.open(seeded.id), link.casework
    step = CaseStep(kind="directed", to="dig", destinations=("mail:third",))
    message = Message(sender="desk", desk="sp", text="seen", internal=True, case=step)
    link.office.write_now(lambda unit: work.post(unit, opened, message))
    recipient = recipient_of(opened.envelope.identity)
    closed, told = {"status": "CLOSED", "internal": True}, {"text": "Call 0542 111 222 now."}
    for desk, fields, to in (("dig", closed, recipient), ("mail:third", told, opened.envelope.receipt)):
        forged = Message(sender="desk", desk=desk, **fields)
        by_desk = Writer(name="mail:third", identity=link.sp_identity).signed(
            forged, opened.envelope, 0, 1, [recipient]
        )
        key = signing_key(opened.envelope.identity, TIP_USE)  # which every desk that has the tip has
        by_tip = replace(by_desk, signature=key.sign(_statement(by_desk, seeded.id, 0)))
        for signed in (by_desk, by_tip):
            answer = new_answer("sp", seeded.id, signed, [to], None)
            link.office.write_now(lambda unit, one=answer: queue_answer(unit, one, link.sp_identity))
    await link.exchange_all()
    seen = link.casework_at_host.open(seeded.id)
    assert [one.message.text for one in seen.thread] == ["seen"]
    assert (len(seen.unsigned), seen.damaged, seen.work.finished) == (2, 2, False)
    root = TipRoot(tip=seeded.id, recipient=seeded.recipient, verifier=tip_verifier(seeded.identity))
    reader = TipsterReader(root, b"", link.host.roster_state())
    for row in link.rows(link.host, tables.message)[-2:]:
        assert not reader.may_show(row.seq, open_as(Message, row.sealed, seeded.receipt_identity))
