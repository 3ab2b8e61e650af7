"""A carrier that lies: what it forges, alters or plays again is refused, both ways."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from satark.carrier import Refused
from satark.identity.sealing import new_identity, seal
from satark.remote.frames import letter_cells, seal_cell
from satark.remote.link_keys import answer_key
from satark.remote.messages import ANSWER_DOMAIN, OfficeAnswer, RefusalMessage, SignedAnswer, TipMessage, encode
from satark.store import tables
from satark.tip import Message


async def test_the_office_refuses_what_is_forged_or_altered(bridge: Any, forged: Any) -> None:
    seeded = bridge.seed_tip()
    await bridge.send()
    _, good = bridge.line.down[-1]
    to = bridge.office_key.card
    (cell,) = letter_cells("sp", "down", encode(RefusalMessage(answer=b"x" * 16)))
    (other,) = letter_cells("dig", "down", encode(RefusalMessage(answer=b"x" * 16)))
    (upwards,) = letter_cells("sp", "up", encode(RefusalMessage(answer=b"x" * 16)))
    bad = {
        "cut": good[:-1],
        "altered": good[:500] + bytes([good[500] ^ 1]) + good[501:],
        "empty": b"",
        "not sealed": b"age-encryption.org/v1\nnonsense",
        "endless": good * 3,
        "a stranger's": seal_cell(cell, forged(), to),
        "for another machine": seal_cell(cell, bridge.host_key, bridge.host_key.card),
        "for another desk": seal_cell(other, bridge.host_key, to),
        "the other way": seal_cell(upwards, bridge.host_key, to),
        "nonsense inside": seal_cell(msgspec.structs.replace(cell, body=b"\xff"), bridge.host_key, to),
        "a piece past the end": seal_cell(msgspec.structs.replace(cell, index=7), bridge.host_key, to),
    }
    for name, message in bad.items():
        with pytest.raises(Refused):
            await bridge.arrivals.take(message)
        assert bridge.rows(bridge.office, tables.tip) == [], name
    await bridge.arrive()
    assert bridge.work.open(seeded.number).tip == seeded.tip


def signed(answer: OfficeAnswer, identity: str) -> bytes:
    encoded = encode(answer)
    return encode(SignedAnswer(answer=encoded, signature=answer_key(identity).sign(ANSWER_DOMAIN + encoded)))


async def test_the_host_refuses_answers_that_no_officer_of_the_desk_wrote(bridge: Any, forged: Any) -> None:
    seeded = bridge.seed_tip()
    text = Message(sender="desk", desk="sp", status="CLOSED", text="forged")
    sealed = seal(text, seeded.recipient, seeded.receipt_recipient)
    answer = OfficeAnswer(id=os.urandom(16), desk="sp", tip=seeded.id, sealed=sealed, internal=False)
    another = new_identity()[1]
    to = bridge.host_key.card

    def cell(letter: bytes, desk: str = "sp", way: Any = "up", key: Any = bridge.office_key) -> bytes:
        (one,) = letter_cells(desk, way, letter)
        return seal_cell(one, key, to)

    as_dig = msgspec.structs.replace(answer, desk="dig")
    good = signed(answer, bridge.identity)
    bad = {
        "another desk's key": cell(signed(answer, another)),
        "no signature": cell(encode(SignedAnswer(answer=encode(answer), signature=b""))),
        "a stranger's machine": cell(good, key=forged()),
        "in another desk's name": cell(signed(as_dig, bridge.identity)),
        "a desk without an office": cell(signed(as_dig, bridge.dig_identity), desk="dig"),
        "the other way": cell(good, way="down"),
        "cut": cell(good)[:-3],
    }
    for name, message in bad.items():
        with pytest.raises(Refused):
            await bridge.answers.take(message, bridge.line.publish)
        assert bridge.rows(bridge.host, tables.message) == [], name


async def test_a_desk_answers_only_for_tips_that_it_has(bridge: Any) -> None:
    foreign = bridge.seed_tip()
    await bridge.settle()
    opened = bridge.work.open(foreign.number)
    bridge.host.write_now(lambda unit: unit.keys.execute(delete(tables.envelope).where(tables.envelope.c.desk == "sp")))
    bridge.work.respond(opened, status="CLOSED", text="x")
    await bridge.settle()
    assert bridge.rows(bridge.host, tables.message) == []
    opened = bridge.work.open(foreign.number)
    assert (opened.waiting, opened.refused) == (1, 1)
    await bridge.agent.send(bridge.line)
    assert bridge.line.up == []


async def test_an_old_answer_played_again_later_changes_nothing(bridge: Any) -> None:
    seeded = bridge.seed_tip()
    await bridge.settle()
    bridge.work.respond(bridge.work.open(seeded.number), status="CLOSED", text="x")
    await bridge.agent.send(bridge.line)
    recorded = list(bridge.line.up)
    await bridge.settle()
    bridge.work.respond(bridge.work.open(seeded.number), status="REOPENED", text="y")
    await bridge.settle()
    bridge.line.up = recorded * 2
    await bridge.settle()
    assert bridge.told(seeded.number) == ["x", "y"]
    assert bridge.at_dig.open(seeded.number).status == "REOPENED"


async def test_an_old_letter_played_again_later_changes_nothing(bridge: Any) -> None:
    seeded = bridge.seed_tip()
    await bridge.send()
    recorded = list(bridge.line.down)
    await bridge.settle()
    bridge.at_dig.note(bridge.at_dig.open(seeded.number), "नया")
    await bridge.settle()
    bridge.line.down = recorded
    await bridge.arrive()
    assert bridge.words(seeded.number) == ["नया"]


def test_letters_do_not_show_what_they_hold() -> None:
    letter = TipMessage(
        tip="t",
        number="K4Q7-2XPM",
        revision=1,
        recipient="",
        receipt_recipient="",
        day=1,
        envelope=b"",
        document=b"",
        thread=(),
        files=(),
        custody=(),
    )
    assert repr(letter) == "TipMessage(…)"
