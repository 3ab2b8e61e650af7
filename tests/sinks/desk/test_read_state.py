"""An officer's read state: the messages that they have seen, and those that are new to them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from httpx2 import Client
from msgspec import structs
from sqlalchemy import delete, select, update

from satark.api.routing import Desk
from satark.api.sealing import seal
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from satark.store import envelopes, tables
from satark.store.unit_of_work import UnitOfWork
from satark_desk.read_state import mark_read, seen_by
from satark_desk.sink import enqueue
from satark_desk.tables import read_state
from support.desk_reading import listed
from support.tips import SeededTip, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


@pytest.fixture
def seeded(services: Services, desk: FindDesk) -> SeededTip:
    """A tip at the SP and the DIG."""
    return seed_tip(services, [desk("sp"), desk("dig")])


def test_another_persons_act_makes_a_tip_new_and_ones_own_does_not(
    services: Services, browser: Browser, seeded: SeededTip, casework: Cases
) -> None:
    sp, lanka = casework("sp"), DeskActs(services, casework("lanka"), Clocks())
    DeskActs(services, sp, Clocks()).perform(sp.open(seeded.number), DeskAct(name="direct", to="lanka", text="look"))
    client = browser("sp")
    client.get(f"/desk/tips/{seeded.number}")
    assert listed(client.get("/desk/?mark=new").text) == []
    station = casework("lanka").open(seeded.number)
    lanka.perform(station, DeskAct(name="report", text="FIR 112/26 registered"))
    assert listed(client.get("/desk/?mark=new").text) == [seeded.number]
    assert "Updated" in client.get("/desk/?mark=new").text
    assert "FIR 112/26 registered" in client.get(f"/desk/tips/{seeded.number}").text
    client.post(f"/desk/tips/{seeded.number}/note", data={"text": "seen", "confirmed": "yes", "once": "1"})
    assert listed(client.get("/desk/?mark=new").text) == []


def test_only_a_holder_of_the_tip_can_tell_who_read_it_and_in_which_hour(
    services: Services, browser: Browser, seeded: SeededTip, casework: Cases
) -> None:
    services.write_now(lambda unit: enqueue(unit, {seeded.id: 1}))
    (unread,) = services.read(lambda c: c.execute(select(read_state)).all())
    browser("sp").get(f"/desk/tips/{seeded.number}")
    (read,) = services.read(lambda c: c.execute(select(read_state)).all())
    assert (unread.tip, len(unread.sealed)) == (read.tip, len(read.sealed)) == (seeded.id, 1052)
    assert unread.sealed != read.sealed
    assert list(read_state.c.keys()) == ["tip", "nonce", "sealed"]
    assert all(row.sealed.startswith(row.nonce) and len(row.nonce) == 12 for row in (unread, read))
    tip = casework("dig").open(seeded.number)
    (seen,) = services.read(lambda c: seen_by(c, "sp", tip))
    assert (seen.desk, seen.revision, seen.at % 3600, seen.first % 3600) == ("sp", 1, 0, 0)
    other = seed_tip(services, []).identity
    stranger = structs.replace(tip, envelope=structs.replace(tip.envelope, identity=other))
    assert services.read(lambda c: seen_by(c, "sp", stranger)) == []
    assert services.read(lambda c: seen_by(c, "dig", tip)) == []


def test_a_desk_with_only_a_release_keeps_its_read_state_and_the_desk_above_sees_it(
    services: Services, browser: Browser, seeded: SeededTip, casework: Cases
) -> None:
    services.write_now(lambda unit: enqueue(unit, {seeded.id: 1}))
    sp = casework("sp")
    DeskActs(services, sp, Clocks()).perform(sp.open(seeded.number), DeskAct(name="direct", to="lanka", text="look"))
    browser("sp").get(f"/desk/tips/{seeded.number}")
    station = browser("lanka")
    assert listed(station.get("/desk/?mark=new").text) == [seeded.number]
    station.get(f"/desk/tips/{seeded.number}")
    assert listed(station.get("/desk/?mark=new").text) == []
    tip = casework("dig").open(seeded.number)
    (seen,) = services.read(lambda c: seen_by(c, "lanka", tip))
    assert seen.desk == "lanka"
    assert len(services.read(lambda c: seen_by(c, "sp", tip))) == 1
    rows = services.read(lambda c: c.execute(select(read_state)).all())
    assert [row.tip for row in rows if row.tip != seeded.id] != []
    assert len({len(row.sealed) for row in rows}) == 1
    assert len({len(row.tip) for row in rows}) == 1


def test_a_desk_sees_that_the_end_of_a_thread_is_missing_if_one_of_its_officers_saw_it(
    services: Services, browser: Browser, seeded: SeededTip, casework: Cases
) -> None:
    """Nothing that is left covers it: no message, and no renewal of the tip's key."""
    for text in ("a note", "another"):
        casework("dig").note(casework("dig").open(seeded.number), text)
    browser("dig").get(f"/desk/tips/{seeded.number}")
    assert not casework("dig").open(seeded.number).altered
    services.write_now(lambda unit: unit.main.execute(delete(tables.message).where(tables.message.c.seq > 1)))
    work = casework("dig")
    tip = work.open(seeded.number)
    assert tip.altered
    work.note(tip, "what the desk writes or sees now takes nothing back")
    services.write_now(lambda unit: mark_read(unit, "dig", "dig-1", tip))
    assert casework("dig").open(seeded.number).altered
    assert not casework("sp").open(seeded.number).altered, "its officers saw nothing"


def test_a_desk_sees_that_a_tip_was_replaced_without_a_renewal_if_one_of_its_officers_saw_it(
    services: Services, browser: Browser, seeded: SeededTip, casework: Cases, desk: FindDesk
) -> None:
    browser("dig").get(f"/desk/tips/{seeded.number}")
    kept = casework("sp").open(seeded.number)
    document = seal(structs.replace(kept.tip, answers={"what": "I made it all up"}), seeded.recipient)
    forged = structs.replace(kept.envelope, desk="dig", document_sha256=hashlib.sha256(document).hexdigest())

    def write(unit: UnitOfWork) -> None:
        envelopes.store(unit, seeded.id, "dig", envelopes.seal(forged, desk("dig").recipient))
        unit.main.execute(update(tables.tip).values(document=document))

    services.write_now(write)
    assert casework("dig").open(seeded.number).altered


@pytest.mark.parametrize("written", [b"", b"short", b"longer than a nonce"])
def test_a_row_that_another_person_wrote_says_nothing(
    written: bytes, services: Services, browser: Browser, seeded: SeededTip, casework: Cases
) -> None:
    browser("sp").get(f"/desk/tips/{seeded.number}")
    tip = casework("sp").open(seeded.number)
    assert services.read(lambda c: seen_by(c, "sp", tip))
    services.write_now(lambda unit: unit.main.execute(update(read_state).values(sealed=written)))
    assert services.read(lambda c: seen_by(c, "sp", tip)) == []
