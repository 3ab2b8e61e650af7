"""Registration of offices: the directory of desks, and sending everything again."""

from __future__ import annotations

import os
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, select, update

from satark.api.routing import DestinationRule, NoSuchDesk
from satark.api.sealing import CantOpen, new_identity, open_envelope
from satark.api.sink import MessageRejected
from satark.remote.frames import CHUNK_SIZE
from satark.remote.messages import DirectoryMessage, decode_answer, decode_signed_answer
from satark.remote.offices import office_of, resend
from satark.roster.entries import DeskAdded, Entry
from satark.routing.desks import close_roster
from satark.routing.destinations import encode_rules
from satark.store import tables
from support.tips import seed_file

PHOTO = os.urandom(3 * CHUNK_SIZE)


async def test_an_older_directory_does_not_replace_a_newer_one(link: Any) -> None:
    office = link.host.read(lambda c: office_of(c, "sp"))
    for version in (2, 1):
        await link.host_outbox.send(
            office, DirectoryMessage(version=version, roster=(), destination_rules=b"[]"), link.connection.publish
        )
    await link.receive_at_office()
    assert [row.directory for row in link.rows(link.office, tables.host_link)] == [2]


async def test_resend_restores_an_office_that_lost_its_store(link: Any) -> None:
    seeded = link.seed_tip(evidence=("1",))
    seed_file(link.host, seeded, "1", PHOTO)
    await link.exchange_all()
    for table in (tables.tip, tables.file, tables.announced_file, tables.message):
        link.office.write_now(lambda unit, table=table: unit.main.execute(delete(table)))
    assert link.host.write_now(lambda unit: resend(unit, "sp")) == 1
    await link.exchange_all()
    assert link.content(seeded.number, "1", original=True) == PHOTO
    with pytest.raises(NoSuchDesk):
        link.host.write_now(lambda unit: resend(unit, "dig"))


def forged_roster(link: Any, thief: str) -> tuple[bytes, ...]:
    """Return the host's roster in which the DIG's desk has a thief's key."""
    entries = [Entry.decode(one) for one in link.host.read_keys(link.host.roster.stored_entries)]
    forged = []
    for entry in entries:
        body = entry.body
        if isinstance(body, DeskAdded) and body.desk.name == "dig":
            entry = replace(entry, body=replace(body, desk=replace(body.desk, recipient=thief)))  # noqa: PLW2901
        forged.append(entry.encode())
    return tuple(forged)


async def directed_envelopes(link: Any, seeded: Any) -> list[bytes]:
    """Direct a tip from the office to the DIG; return what it seals for this, and let the host accept it."""
    work = link.casework
    tip = work.open(seeded.number)
    link.office.write_now(lambda unit: work.directing.direct(unit, tip, "dig", "please take over", 0))
    newest = select(tables.office_outbox.c.message).order_by(tables.office_outbox.c.position.desc())
    directed = decode_answer(
        decode_signed_answer(link.office.read(lambda c: c.execute(newest).scalars().first())).answer
    )
    assert directed.directed_to is not None
    return [directed.directed_to.envelope, *(one.envelope for one in directed.directed_to.destinations)]


async def test_an_office_takes_no_roster_from_the_host_that_contradicts_the_one_it_knows(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    thief, identity = new_identity()
    rule = DestinationRule(to="email:dig", desk="dig", recipient=thief)
    office = link.host.read(lambda c: office_of(c, "sp"))
    forged = DirectoryMessage(version=2**62, roster=forged_roster(link, thief), destination_rules=encode_rules([rule]))
    await link.host_outbox.send(office, forged, link.connection.publish)
    with pytest.raises(MessageRejected, match="roster"):
        await link.receive_at_office()
    assert link.office.inspect_rosters() != ()
    (sealed,) = await directed_envelopes(link, seeded)
    assert open_envelope(sealed, link.dig_identity, tip=seeded.id, desk="dig").identity
    with pytest.raises(CantOpen):
        open_envelope(sealed, identity, tip=seeded.id, desk="dig")


@pytest.mark.parametrize("kept", [True, False])
async def test_an_office_takes_no_first_roster_that_lacks_what_its_pairing_names(link: Any, *, kept: bool) -> None:
    thief, _ = new_identity()
    roster = tuple(link.host.read_keys(link.host.roster.stored_entries)) if kept else forged_roster(link, thief)
    office = link.host.read(lambda c: office_of(c, "sp"))
    first = DirectoryMessage(version=2**62, roster=roster, destination_rules=encode_rules([]))
    await link.host_outbox.send(office, first, link.connection.publish)
    if kept:
        await link.receive_at_office()
        assert link.office.read(link.office.host_roster.state).desks.keys() == {"sp", "dig"}
        return
    with pytest.raises(MessageRejected, match="roster"):
        await link.receive_at_office()
    assert link.office.inspect_rosters() != ()


async def test_rewritten_rows_of_an_office_change_nobody_to_whom_it_seals(link: Any) -> None:
    link.host.write_now(lambda unit: close_roster(unit, ()))
    seeded = link.seed_tip()
    await link.exchange_all()
    thief, _ = new_identity()
    rules = encode_rules([DestinationRule(to="email:dig", desk="dig", recipient=thief)])
    forged = b"\n".join(forged_roster(link, thief))
    link.office.write_now(
        lambda unit: [
            unit.main.execute(update(tables.host_link).values(destination_rules=rules, roster=forged)),
            unit.main.execute(update(tables.desk).where(tables.desk.c.name == "dig").values(recipient=thief)),
        ]
    )
    assert any("dig" in one for one in link.office.inspect_rosters())
    (sealed,) = await directed_envelopes(link, seeded)
    assert open_envelope(sealed, link.dig_identity, tip=seeded.id, desk="dig").identity
