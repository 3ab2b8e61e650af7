"""From an office to the host: each answer once, in order, and across a change of the desk's key."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from satark.desk import NoSuchDesk
from satark.destination import DestinationRule
from satark.identity.sealing import new_identity, open_as, recipient_of
from satark.remote import office_outbox
from satark.remote.link_keys import answer_key
from satark.remote.messages import DirectoryMessage
from satark.remote.office_outbox import AGAIN, change_key
from satark.remote.offices import office_of
from satark.store import deliveries, tables
from satark.testing.tips import seed_file_state
from satark.tip import Message


async def test_an_answer_reaches_the_tipster_and_the_other_desk_once(any_bridge: Any) -> None:
    bridge = any_bridge
    seeded = bridge.seed_tip()
    await bridge.settle()
    bridge.work.respond(bridge.work.open(seeded.number), status="ACTED", text="धन्यवाद")
    bridge.work.note(bridge.work.open(seeded.number), "अंदर की बात")
    opened = bridge.work.open(seeded.number)
    assert (opened.status, opened.waiting) == ("ACTED", 2)
    await bridge.settle()
    opened = bridge.work.open(seeded.number)
    assert (opened.status, opened.waiting) == ("ACTED", 0)
    assert bridge.words(seeded.number) == bridge.told(seeded.number) == ["धन्यवाद", "अंदर की बात"]
    rows = bridge.rows(bridge.host, tables.message)
    assert open_as(Message, rows[0].sealed, seeded.receipt_identity).text == "धन्यवाद"
    assert [row.announced for row in rows] == [False, True]


async def test_an_answer_that_comes_back_while_it_is_looked_at_never_vanishes(
    any_bridge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = any_bridge
    seeded = bridge.seed_tip()
    await bridge.settle()
    bridge.work.respond(bridge.work.open(seeded.number), status="ASSIGNED", text="देख रहे हैं")
    await bridge.agent.send(bridge.line)
    await bridge.take_answers()
    await bridge.send()
    work, waiting = bridge.work, office_outbox.waiting

    def meanwhile(*arguments: Any) -> Any:
        asyncio.run_coroutine_threadsafe(bridge.arrive(), loop).result(30)
        return waiting(*arguments)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(office_outbox, "waiting", meanwhile)
    opened = await asyncio.to_thread(work.open, seeded.number)
    monkeypatch.undo()
    assert [posted.message.text for posted in opened.thread] == ["देख रहे हैं"]
    assert bridge.words(seeded.number) == ["देख रहे हैं"]


async def test_answers_keep_their_order_and_stand_once_whatever_the_carrier_does(bridge: Any) -> None:
    seeded = bridge.seed_tip()
    await bridge.settle()
    for n in range(4):
        bridge.work.note(bridge.work.open(seeded.number), str(n))
    for _ in range(8):
        await bridge.agent.send(bridge.line)
        assert len(bridge.line.up) <= 1  # the next one waits for the last
        kept = list(bridge.line.up)
        bridge.line.up = kept * 3
        await bridge.take_answers()
        bridge.line.up = []
        await bridge.send()
        bridge.line.down.reverse()
        await bridge.arrive()
        for message in kept:
            await bridge.answers.take(message, bridge.line.publish)
    await bridge.settle()
    assert bridge.told(seeded.number) == bridge.words(seeded.number) == ["0", "1", "2", "3"]


async def test_an_answer_or_its_echo_that_got_lost_is_sent_again(bridge: Any) -> None:
    seeded = bridge.seed_tip()
    await bridge.settle()
    bridge.work.note(bridge.work.open(seeded.number), "सुनिए")
    for lost in ("up", "down"):
        await bridge.agent.send(bridge.line)
        await bridge.agent.send(bridge.line)
        assert len(bridge.line.up) == 1
        if lost == "up":
            bridge.line.up = []
        await bridge.take_answers()
        await bridge.send()
        bridge.line.down = []
        earlier = update(tables.office_outbox).values(sent_at=tables.office_outbox.c.sent_at - AGAIN)
        bridge.office.write_now(lambda unit, earlier=earlier: unit.main.execute(earlier))
    assert bridge.work.open(seeded.number).waiting == 1
    await bridge.settle()
    assert bridge.work.open(seeded.number).waiting == 0
    assert bridge.told(seeded.number) == ["सुनिए"]


async def test_a_tip_is_directed_from_the_office_to_a_desk_at_the_host(bridge: Any) -> None:
    recipient, _ = new_identity()
    lanka = msgspec.structs.replace(bridge.dig, name="lanka", title="Lanka", level="station", recipient=recipient)
    bridge.host.write_now(lambda unit: unit.insert(tables.desk, [msgspec.structs.asdict(lanka)]))
    seeded = bridge.seed_tip()
    await bridge.settle()
    opened = bridge.work.open(seeded.number)
    assert [desk.name for desk in bridge.work.may_direct(opened)] == ["dig", "lanka"]
    bridge.work.direct(opened, "lanka", "जाँच करें")
    await bridge.settle()
    assert bridge.words(seeded.number) == ["→ Lanka: जाँच करें"]
    destinations = {row.destination for row in bridge.rows(bridge.host, tables.delivery)}
    assert destinations == {"list:sp", "desk:lanka"}
    envelope = bridge.host.read_keys(
        lambda c: c.execute(tables.envelope.select().where(tables.envelope.c.desk == "lanka")).one()
    )
    assert envelope.tip == seeded.id


FORWARDS = (
    DestinationRule(
        to="email:dig-cell", desk="dig", recipient=new_identity()[0], identity_file=Path("/a/host's/secret")
    ),
    DestinationRule(to="folder:dig", desk="dig"),
    DestinationRule(to="email:arms", desk="dig", categories=("ARMS",)),
    DestinationRule(to="email:other", desk="sp"),
)


def on_their_way(bridge: Any) -> set[str]:
    return {row.destination for row in bridge.rows(bridge.host, tables.delivery)} - {"list:sp"}


async def test_a_tip_that_the_office_directs_reaches_the_desks_own_destinations_too(bridge: Any) -> None:
    bridge.host.destination_rules = FORWARDS
    seeded = bridge.seed_tip(evidence=("1",))
    seed_file_state(bridge.host, seeded, "1", "due")
    await bridge.settle()
    (told,) = bridge.rows(bridge.office, tables.host_link)
    assert b"secret" not in told.destination_rules
    bridge.work.direct(bridge.work.open(seeded.number), "dig", "देखें")
    await bridge.settle()
    assert on_their_way(bridge) == {"desk:dig", "email:dig-cell", "folder:dig"}
    sealed = tables.envelope.select().where(tables.envelope.c.desk == "email:dig-cell")
    assert bridge.host.read_keys(lambda c: c.execute(sealed).one()).tip == seeded.id
    waits = {row.destination for row in bridge.rows(bridge.host, tables.delivery) if row.reason == deliveries.WAITING}
    assert waits == {"email:dig-cell", "folder:dig"}
    assert bridge.words(seeded.number) == ["→ DIG: देखें"]


@pytest.mark.parametrize(
    "now",
    [
        DestinationRule(to="email:dig-cell", desk="sp", recipient=FORWARDS[0].recipient),
        DestinationRule(to="email:dig-cell", desk="dig", recipient=new_identity()[0]),
        DestinationRule(to="email:elsewhere", desk="dig"),
    ],
    ids=["another desk's", "another key", "gone"],
)
async def test_the_hosts_settings_decide_which_destinations_a_direction_may_name(
    now: DestinationRule, bridge: Any
) -> None:
    bridge.host.destination_rules = FORWARDS[:1]
    seeded = bridge.seed_tip()
    await bridge.settle()
    bridge.host.destination_rules = (now,)
    bridge.work.direct(bridge.work.open(seeded.number), "dig", "देखें")
    await bridge.settle()
    assert on_their_way(bridge) == {"desk:dig"}
    assert bridge.words(seeded.number)[1].startswith("✗ email:dig-cell")


async def test_a_direction_sealed_to_a_key_that_was_changed_is_told_and_hands_over_nothing(bridge: Any) -> None:
    seeded = bridge.seed_tip()
    await bridge.settle()
    recipient, _ = new_identity()
    changed = update(tables.desk).where(tables.desk.c.name == "dig").values(recipient=recipient)
    before = bridge.host.read_keys(lambda c: c.execute(tables.envelope.select()).all())
    bridge.host.write_now(lambda unit: unit.main.execute(changed))
    bridge.work.direct(bridge.work.open(seeded.number), "dig", "देखें")
    await bridge.settle()
    assert bridge.host.read_keys(lambda c: c.execute(tables.envelope.select()).all()) == before
    assert bridge.words(seeded.number)[1].startswith("✗ dig")


async def test_a_tip_is_never_directed_from_the_office_to_a_desk_that_it_is_about(bridge: Any) -> None:
    seeded = bridge.seed_tip(excluded=("dig",))
    await bridge.settle()
    opened = bridge.work.open(seeded.number)
    assert bridge.work.may_direct(opened) == []
    with pytest.raises(NoSuchDesk):
        bridge.work.direct(opened, "dig", "x")


async def test_an_older_directory_does_not_undo_a_newer_one(bridge: Any) -> None:
    office = bridge.host.read(lambda c: office_of(c, "sp"))
    for version, desks in ((2, ()), (1, ())):
        await bridge.dispatcher.post(
            office, DirectoryMessage(version=version, desks=desks, destination_rules=b"[]"), bridge.line.publish
        )
    await bridge.arrive()
    assert [row.directory for row in bridge.rows(bridge.office, tables.host_link)] == [2]


async def test_after_a_change_of_key_what_was_under_way_still_opens_and_answers_are_taken(bridge: Any) -> None:
    before = bridge.seed_tip()
    await bridge.settle()
    bridge.work.note(bridge.work.open(before.number), "पुरानी चाबी से")
    under_way = bridge.seed_tip()
    await bridge.send()
    old = bridge.identity
    _, bridge.identity = new_identity()
    bridge.office.write_now(lambda unit: change_key(unit, "sp", old, bridge.identity))
    await bridge.settle()
    bridge.sp = msgspec.structs.replace(bridge.sp, recipient=recipient_of(bridge.identity))
    after = bridge.seed_tip()
    bridge.work.note(bridge.work.open(before.number), "नई चाबी से")
    await bridge.settle()
    assert {line.header.number for line in bridge.work.summaries()} >= {under_way.number, after.number}
    assert bridge.told(before.number) == ["पुरानी चाबी से", "नई चाबी से"]
    (desk,) = [row for row in bridge.rows(bridge.host, tables.desk) if row.name == "sp"]
    assert desk.recipient == recipient_of(bridge.identity)
    assert bridge.rows(bridge.office, tables.office_outbox) == []


async def test_two_changes_of_key_whose_confirmation_got_lost_are_carried_out_in_order(bridge: Any) -> None:
    seeded = bridge.seed_tip()
    await bridge.settle()
    keys = [bridge.identity, new_identity()[1], new_identity()[1]]
    for old, new in pairwise(keys):
        bridge.office.write_now(lambda unit, old=old, new=new: change_key(unit, "sp", old, new))
    await bridge.agent.send(bridge.line)
    await bridge.take_answers()
    bridge.line.down = []
    earlier = update(tables.office_outbox).values(sent_at=0)
    bridge.office.write_now(lambda unit: unit.main.execute(earlier))
    await bridge.settle()
    bridge.identity = keys[-1]
    assert [row.answers for row in bridge.rows(bridge.host, tables.office)] == [public(keys[-1])]
    assert bridge.work.open(seeded.number).tip == seeded.tip
    assert bridge.rows(bridge.office, tables.office_outbox) == []


def public(identity: str) -> str:
    return answer_key(identity).public_key().public_bytes_raw().hex()
