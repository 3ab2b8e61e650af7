"""What leaves the desk: a station gets fields and a rewording, under a key of their own; never the tipster's words."""

from __future__ import annotations

import pytest

from satark.api.routing import DestinationRule
from satark.api.sealing import CantOpen, new_identity, open_as, open_tip, recipient_of
from satark.api.tip import Message
from satark.casework import Casework, NoSuchTip
from satark.roster.entries import Entry, KeyChange
from satark.routing.desks import change_key
from satark.services import Services
from satark.store import envelopes, tables
from support.acts import direct_whole
from support.desks import Office, SeededDesk
from support.releases import REWORDING, direct
from support.tips import SeededTip, seed_message

pytestmark = pytest.mark.slow("a desk at work")


def renew_key(services: Services, desk: SeededDesk) -> None:
    _, identity = new_identity()
    entry = Entry(body=KeyChange.of(desk.desk.name, desk.identity, identity))
    services.write_now(lambda unit: change_key(unit, services.roster, entry, desk.identity, identity))
    desk.identity = identity


def opened_with(services: Services, identity: str) -> list[str]:
    """Return the texts of all stored messages that a key opens, whatever casework would show."""
    found = []
    for row in services.read(lambda c: c.execute(tables.message.select().order_by(tables.message.c.seq)).all()):
        try:
            found.append(open_as(Message, row.sealed, identity).text)
        except CantOpen:
            continue
    return found


def test_a_station_sees_the_release_and_nothing_of_the_tipsters_words(
    tip: SeededTip, offices: dict[str, Office]
) -> None:
    direct(offices["sp"], tip)
    seen = offices["lanka"].casework.open(tip.number)
    assert seen.tip.answers == {"what": REWORDING, "who": "Kallu"}
    assert (seen.tip.language, seen.tip.channel, seen.header.language) == ("", "", "")
    assert (seen.evidence, seen.pending, seen.lost, seen.damaged) == ((), (), (), 0)
    assert [posted.message.text for posted in seen.thread] == ["→ lanka title: look tonight"]
    assert seen.thread[0].officer == "sp-1"
    for words in ("दुकान", "roof", "भाई", "shopkeeper", "4411"):
        assert offices["lanka"].casework.find(words) == {}
    assert set(offices["lanka"].casework.find("market evening")) == {tip.id}


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
        "→ lanka title: look tonight", "take two constables along", "seen, two men", "FIR 12", "acted upon",
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


def test_a_question_of_the_station_reaches_the_tipster(tip: SeededTip, offices: dict[str, Office]) -> None:
    direct(offices["sp"], tip)
    offices["lanka"].do(tip, "ask", text="which gate?")
    posted = offices["sp"].casework.open(tip.number).thread[-1]
    assert (posted.message.text, posted.officer, posted.message.question) == ("which gate?", "lanka-1", True)


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
    assert (seen.tip.answers["what"], len(seen.thread)) == ("a second time", 1)
    assert seen.envelope.identity != key


def test_a_withdrawn_tip_gets_a_new_key_and_the_desks_destinations_lose_the_tip(
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
    assert row.recipient != tip.recipient
    assert recipient_of(sp.casework.open(tip.number).envelope.identity) == row.recipient
    sp.do(tip, "note", text="after that")
    assert offices["dig"].casework.open(tip.number).thread[-1].message.text == "after that"
    last = services.read(lambda c: c.execute(tables.message.select().order_by(tables.message.c.seq)).all())[-1]
    with pytest.raises(CantOpen):
        open_as(Message, last.sealed, tip.identity)


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


def test_a_desk_that_has_the_tip_keeps_it_when_it_is_given_a_release(
    services: Services, tip: SeededTip, offices: dict[str, Office]
) -> None:
    sp, lanka = offices["sp"], offices["lanka"]
    direct_whole(sp.casework, sp.casework.open(tip.number), "lanka", "look")
    direct(sp, tip)
    assert lanka.casework.open(tip.number).tip == tip.tip
