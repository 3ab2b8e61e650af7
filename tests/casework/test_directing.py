"""Directing: a station gets fields and a rewording, under a key of their own; never the tipster's words."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from satark.api.routing import DestinationRule
from satark.api.sealing import CantOpen, new_identity, open_as, open_tip, recipient_of
from satark.api.tip import CaseStep, Message
from satark.casework import ActRefused, Casework, DeskAct, NoSuchTip, OpenTip
from satark.roster.entries import Entry, KeyChange, desk_verifier
from satark.routing.desks import change_key, close_roster
from satark.services import Services
from satark.store import deliveries, envelopes, tables, threads
from satark.store.delivery_marks import is_cover
from satark.store.unit_of_work import UnitOfWork
from support.acts import direct_whole, respond
from support.desks import Office, SeededDesk
from support.releases import REWORDING, direct
from support.tips import SeededTip, seed_message, seed_tip

pytestmark = pytest.mark.slow("a desk at work")


def renew_key(services: Services, desk: SeededDesk) -> None:
    _, identity = new_identity()
    entry = Entry(body=KeyChange.of(desk.desk.name, desk.identity, identity))
    services.write_now(lambda unit: change_key(unit, services.roster, entry, desk.identity, identity))
    desk.identity = identity


def opened_with(services: Services, identity: str) -> list[str]:
    """Return the texts of all stored messages that a key opens, even those that casework would not show."""
    found = []
    for row in services.read(lambda c: c.execute(tables.message.select().order_by(tables.message.c.seq)).all()):
        try:
            found.append(open_as(Message, row.sealed, identity).text)
        except CantOpen:
            continue
    return found


def test_a_station_sees_the_release_and_none_of_the_tipsters_words(tip: SeededTip, offices: dict[str, Office]) -> None:
    direct(offices["sp"], tip)
    seen = offices["lanka"].casework.open(tip.number)
    assert seen.tip.answers == {"what": REWORDING, "who": "Kallu"}
    assert (seen.tip.language, seen.tip.channel, seen.header.language) == ("", "", "")
    assert (seen.evidence, seen.pending, seen.lost, seen.damaged) == ((), (), (), 0)
    assert [posted.message.text for posted in seen.thread] == ["→ lanka title: look tonight"]
    assert seen.thread[0].officer == "", "the roster lists no officer of the SP's"
    for words in ("दुकान", "roof", "भाई", "shopkeeper", "4411"):
        assert offices["lanka"].casework.find(words) == {}
    assert set(offices["lanka"].casework.find("market evening")) == {tip.id}


def test_a_station_whose_row_says_that_it_is_a_district_gets_a_release(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    services.write_now(lambda unit: unit.main.execute(update(tables.desk).values(level="district", area="")))
    assert offices["sp"].refused(tip, "direct", to="lanka", text="look", gives="tip") == "gives"
    direct(offices["sp"], tip)
    seen = offices["lanka"].casework.open(tip.number)
    assert seen.envelope.tip_recipient
    assert seen.tip.answers == {"what": REWORDING, "who": "Kallu"}


def test_the_key_of_a_release_opens_no_earlier_message(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    direct(offices["sp"], tip)
    envelope = offices["lanka"].casework.open(tip.number).envelope
    assert envelope.identity != tip.identity
    row = services.read(lambda c: c.execute(tables.tip.select()).one())
    with pytest.raises(CantOpen):
        open_tip(row.document, envelope)
    assert opened_with(services, envelope.identity) == ["→ lanka title: look tonight"]


def test_later_messages_reach_the_station_unless_they_may_point_to_the_tipster(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    direct(offices["sp"], tip)
    sp, lanka = offices["sp"], offices["lanka"]
    sp.do(tip, "note", text="take two constables along")
    sp.do(tip, "note", text="the shop is his", private=True)
    sp.do(tip, "ask", text="Which day did your brother see it?")
    seed_message(services, tip, Message(sender="tipster", text="on Monday"))
    seed_message(services, tip, Message(sender="desk", desk="sp", text="spoken", internal=True, transcript="2"))
    lanka.do(tip, "report", text="seen, two men")
    sp.do(tip, "close", outcome="fir", text="FIR 12", reason="acted upon")
    texts = [posted.message.text for posted in lanka.casework.open(tip.number).thread]
    assert texts == [
        "→ lanka title: look tonight", "take two constables along", "seen, two men", "FIR 12", "",
    ]  # fmt: skip
    seen = lanka.casework.open(tip.number)
    assert seen.status == "CLOSED"
    assert opened_with(services, seen.envelope.identity) == texts
    assert "seen, two men" in [posted.message.text for posted in sp.casework.open(tip.number).thread]


def test_only_the_officers_own_desk_reads_a_private_note(tip: SeededTip, offices: dict[str, Office]) -> None:
    offices["sp"].do(tip, "note", text="ask the beat constable", private=True)
    direct(offices["sp"], tip)
    for name in ("dig", "lanka"):
        assert "beat" not in str([one.message.text for one in offices[name].casework.open(tip.number).thread])
        assert offices[name].casework.find("constable") == {}
    own = offices["sp"].desk.casework_of("another").open(tip.number).thread
    assert [one.message.text for one in own if one.message.private] == ["ask the beat constable"]


def test_a_station_with_a_release_writes_to_no_tipster_and_decides_nothing(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    direct(offices["sp"], tip)
    lanka = offices["lanka"]
    opened = lanka.casework.open(tip.number)
    assert opened.envelope.receipt == ""
    for name, fields in (("status", {"status": "IN_REVIEW"}), ("ask", {"text": "which gate?"}), ("correct", {})):
        assert lanka.refused(tip, name, **fields) == "released"  # type: ignore[arg-type]
    lanka.do(tip, "close", outcome="no_action", text="nothing there")
    for message in (
        Message(sender="desk", desk="lanka", status="CLOSED", text="Come to the station tonight."),
        Message(sender="desk", desk="lanka", internal=True, case=CaseStep(kind="closed", outcome="false")),
        Message(sender="desk", desk="lanka", internal=True, retention="ask_erasure"),
    ):
        with pytest.raises(ActRefused):
            services.write_now(lambda unit, one=message: lanka.casework.post(unit, opened, one))  # type: ignore[misc]
        write_unchecked(services, lanka, opened, message)
    for name in ("sp", "dig"):
        seen = offices[name].casework.open(tip.number)
        assert [posted.message.text for posted in seen.thread][-1] == "nothing there"
        assert (len(seen.unsigned), seen.status, seen.work.asked_outcome) == (3, "RECEIVED", "no_action")
    assert len(lanka.casework.open(tip.number).unsigned) == 3


def write_unchecked(services: Services, office: Office, tip: OpenTip, message: Message) -> None:
    """Let an officer write a message with a program of their own, which checks nothing."""
    work, recipient = office.casework, tip.envelope.tip_recipient or recipient_of(tip.envelope.identity)

    def write(unit: UnitOfWork) -> None:
        seq = threads.next_seq(unit, tip.id)
        signed = work._writer.signed(message, tip.envelope, seq, unit.now, [recipient])
        threads.post(unit, tip.id, signed, recipient, recipient_of(tip.envelope.identity))

    services.write_now(write)


def test_a_direction_gives_the_shown_content_or_is_refused(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    dig, sp = offices["dig"], offices["sp"]
    shown, given = dig.casework.open(tip.number), {"to": "lanka", "text": "look", "rewording": REWORDING}
    step = Message(sender="desk", desk="sp", internal=True, case=CaseStep(kind="directed", to="lanka"))
    write_unchecked(services, sp, sp.casework.open(tip.number), step)
    with pytest.raises(ActRefused):
        dig.acts.perform(shown, DeskAct(name="direct", **given))  # type: ignore[arg-type]
    assert dig.refused(tip, "direct", gives="release", **given) == "gives"
    opened = dig.casework.open(tip.number)
    with pytest.raises(ActRefused):
        services.write_now(lambda unit: dig.casework.directing.direct(unit, opened, "lanka", "look", 0, answers={}))
    assert services.read_keys(lambda c: envelopes.find(c, tip.id, "lanka")) is None
    dig.do(tip, "withdraw", to="lanka", text="a station has no tip")
    assert dig.refused(tip, "direct", gives="tip", **given) == "gives"
    dig.do(tip, "direct", gives="release", **given)
    assert offices["lanka"].casework.open(tip.number).tip.answers == {"what": REWORDING}


def test_a_desk_can_not_withdraw_a_tip_from_a_desk_above(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    dig, sp = offices["dig"], offices["sp"]
    opened = sp.casework.open(tip.number)
    with pytest.raises(ActRefused):
        services.write_now(lambda unit: sp.casework.directing.withdraw(unit, opened, "dig", "x"))
    step = Message(sender="desk", desk="sp", internal=True, case=CaseStep(kind="withdrawn", to="dig"))
    write_unchecked(services, sp, opened, step)
    assert len(dig.casework.open(tip.number).unsigned) == 1


def test_a_desk_keeps_a_tip_when_two_desks_renew_their_keys(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    dig = offices["dig"]
    old = services.read_keys(lambda c: envelopes.find(c, tip.id, "sp")) or b""
    opened = dig.casework.open(tip.number)
    services.write_now(lambda unit: dig.casework.directing.withdraw(unit, opened, "sp", "they are in it"))
    dig.do(tip, "note", text="without the SP")
    services.write_now(lambda unit: envelopes.store(unit, tip.id, "sp", old))
    for one in ("sp", "dig"):
        renew_key(services, offices[one].desk)
    again = Casework(services, "dig", dig.desk.identity).open(tip.number)
    assert [posted.message.text for posted in again.thread][-1] == "without the SP"
    assert again.damaged == 0


def test_after_any_desk_changes_its_key_the_station_still_reads_its_release(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    direct(offices["sp"], tip)
    for name in ("sp", "lanka"):
        renew_key(services, offices[name].desk)
    lanka = Casework(services, "lanka", offices["lanka"].desk.identity)
    assert lanka.open(tip.number).tip.answers == {"what": REWORDING, "who": "Kallu"}
    sp = Casework(services, "sp", offices["sp"].desk.identity, officer="sp-1")
    assert sp.open(tip.number).tip == tip.tip
    sp.note(sp.open(tip.number), "after the change")
    assert lanka.open(tip.number).thread[-1].message.text == "after the change"
    dig = offices["dig"].casework
    assert dig.open(tip.number).thread[-1].message.text == "after the change"


def test_a_withdrawn_release_is_gone_and_its_key_opens_no_later_message(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    sp, lanka = offices["sp"], offices["lanka"]
    direct(sp, tip)
    key = lanka.casework.open(tip.number).envelope.identity
    assert sp.refused(tip, "withdraw", to="lanka") == "withdraw"
    assert sp.refused(tip, "withdraw", to="dig", text="x") == "withdraw.none"
    assert lanka.refused(tip, "withdraw", to="lanka", text="x") == "withdraw.none"
    opened_before = sp.casework.open(tip.number)
    sp.do(tip, "withdraw", to="lanka", text="another station has it")
    with pytest.raises(NoSuchTip):
        lanka.casework.open(tip.number)
    sp.casework.note(opened_before, "now for Sigra")
    newest = services.read(lambda c: c.execute(tables.message.select().order_by(tables.message.c.seq)).all())[-2:]
    for row in newest:
        with pytest.raises(CantOpen):
            open_as(Message, row.sealed, key)
    assert sp.casework.open(tip.number).work.directions == {}
    direct(sp, tip, rewording="a second time")
    seen = lanka.casework.open(tip.number)
    assert seen.tip.answers["what"] == "a second time"
    assert seen.envelope.identity != key


def test_a_withdrawn_tip_gets_a_new_key_and_that_desks_destinations_lose_the_tip(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    recipient, identity = new_identity()
    services.destination_rules = (DestinationRule(to="email:lanka-cell", desk="lanka", recipient=recipient),)
    sp, lanka = offices["sp"], offices["lanka"]
    direct_whole(sp.casework, sp.casework.open(tip.number), "lanka", "look")
    assert lanka.casework.open(tip.number).tip == tip.tip
    assert Casework(services, "email:lanka-cell", identity).open(tip.number).tip == tip.tip
    sp.do(tip, "withdraw", to="lanka", text="a mistake")
    with pytest.raises(NoSuchTip):
        lanka.casework.open(tip.number)
    with pytest.raises(NoSuchTip):
        Casework(services, "email:lanka-cell", identity).open(tip.number)
    row = services.read(lambda c: c.execute(tables.tip.select()).one())
    assert row.recipient == tip.recipient, "a tip's row tells nothing of its keys"
    assert recipient_of(sp.casework.open(tip.number).envelope.identity) != row.recipient
    sp.do(tip, "note", text="after that")
    assert offices["dig"].casework.open(tip.number).thread[-1].message.text == "after that"
    last = services.read(lambda c: c.execute(tables.message.select().order_by(tables.message.c.seq)).all())[-1]
    with pytest.raises(CantOpen):
        open_as(Message, last.sealed, tip.identity)


def test_no_tip_gets_a_new_key_while_readers_are_in_doubt(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    direct(offices["sp"], tip)
    services.roster_state().lacks_heads = True  # a desk in doubt would not get the key
    assert offices["sp"].refused(tip, "withdraw", to="lanka", text="not needed") == "withdraw.heads"
    services.roster_state().lacks_heads = False
    offices["sp"].do(tip, "withdraw", to="lanka", text="not needed")


def test_a_destination_that_reads_tips_gets_no_release(
    tip: SeededTip, offices: dict[str, Office], services: Services
) -> None:
    services.destination_rules = (
        DestinationRule(to="police_system:lanka", desk="lanka", recipient=new_identity()[0]),
        DestinationRule(to="email:lanka", desk="lanka"),
    )
    direct(offices["sp"], tip)
    queued = services.read(lambda c: c.execute(tables.delivery.select()).all())
    assert {row.destination for row in queued} == {"desk:*", "email:lanka"}
    held = services.read_keys(lambda c: envelopes.holders_of(c, tip.id, ["police_system:lanka", "lanka"]))
    assert held == ["lanka"]


def test_a_destination_that_reads_only_urgent_tips_gets_one_that_turns_urgent(
    services: Services, sp: SeededDesk, offices: dict[str, Office]
) -> None:
    recipient, identity = new_identity()
    verifier = desk_verifier(identity)
    rule = DestinationRule(
        to="police_system:room", desk="sp", recipient=recipient, verifier=verifier, priority="urgent"
    )
    services.destination_rules = (rule,)
    services.write_now(lambda unit: close_roster(unit, [rule]))
    seeded, office = seed_tip(services, [sp.desk]), offices["sp"].casework
    services.write_now(lambda unit: deliveries.add(unit, seeded.id, rule.to, kind="cover"))
    room = Casework(services, rule.to, identity, audit_desk="sp")

    def wakes() -> int:
        rows = services.read(lambda c: c.execute(tables.delivery.select()).all())
        return sum(one.destination == rule.to and not is_cover(services.keys, one) for one in rows)

    office.share(seeded.id)
    assert wakes() == 0
    with pytest.raises(NoSuchTip):
        room.open(seeded.number)
    danger = Message(sender="tipster", text="they are killing him", flags=("life",))
    seed_message(services, seeded, danger)
    for _ in range(2):
        office.share(seeded.id)
        assert wakes() == 1
        assert room.open(seeded.number).header.priority == "urgent"
    opened = office.open(seeded.number)
    assert opened.access.holders["sp"] == (rule.to,)
    assert not opened.altered
    assert [one.message.text for one in opened.thread] == [danger.text, rule.to]
    assert not opened.work.acted
    respond(room, room.open(seeded.number), status="ACTION", text="a car is on its way")
    assert office.open(seeded.number).work.acted
