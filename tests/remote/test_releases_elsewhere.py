"""A station in an office of its own that has only a release is told of no word, file or moment of the tipster."""

from __future__ import annotations

import os
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, update

from satark.api.tip import Message
from satark.casework import Clocks, DeskAct, DeskActs
from satark.remote import office_outbox
from satark.remote.messages import OfficeAnswer
from satark.store import deliveries, envelopes, tables
from satark.store.unit_of_work import UnitOfWork
from support.tips import SeededTip, seed_file, seed_message, seed_tip

pytestmark = [
    pytest.mark.slow("an office at work"),
    pytest.mark.parametrize("link", [{"level": "station", "area": "lanka"}], indirect=True),
]


def act(link: Any, tip: SeededTip, **fields: Any) -> None:
    """Perform an act of the DIG at the host."""
    work = link.casework_at_host
    DeskActs(link.host, work, Clocks()).perform(work.open(tip.number), DeskAct(**fields))


async def released(link: Any) -> SeededTip:
    """Give the station a release of a new tip with a file."""
    tip = seed_tip(link.host, [link.dig], answers={"what": "I am the boatman", "category": "liquor"}, evidence=("1",))
    act(link, tip, name="direct", to="sp", text="look tonight", rewording="Liquor is sold at the ghat.")
    await link.exchange_all()
    return tip


def has(link: Any) -> tuple[int, int, int]:
    """Return how many entries, files and rows of the custody log the station's machine has."""
    logged = [row for row in link.rows(link.office, tables.custody) if row.file]
    return len(link.rows(link.office, tables.message)), len(link.rows(link.office, tables.file)), len(logged)


async def test_a_station_elsewhere_gets_a_change_of_its_release_only_by_acts_of_desks(link: Any) -> None:
    tip = await released(link)
    assert link.casework.open(tip.number).tip.answers["what"] == "Liquor is sold at the ghat."
    before = has(link)
    seed_message(link.host, tip, Message(sender="tipster", text="they come at nine"))
    seed_file(link.host, tip, "1", b"photo", b"clean")
    link.host.write_now(lambda unit: deliveries.add_revision(unit, tip.id))
    await link.exchange_all()
    assert has(link) == before
    act(link, tip, name="note", text="a note of the DIG")
    await link.exchange_all()
    assert has(link)[0] > before[0]
    assert has(link)[1:] == before[1:], "no file and no row of the log opens for a release"


async def test_a_release_whose_row_somebody_alters_becomes_no_tip_and_is_given_again(link: Any) -> None:
    tip = await released(link)
    row, of_tip = tables.delivery, tables.delivery.c.tip == tip.id
    act(link, tip, name="note", text="a note of the DIG")
    before = has(link)
    altered = update(row).where(of_tip).values(id=os.urandom(16)).where(row.c.state == "due")
    link.host.write_now(lambda unit: unit.main.execute(altered))
    for text in ("they come at nine", "and at ten"):
        seed_message(link.host, tip, Message(sender="tipster", text=text))
        link.host.write_now(lambda unit: deliveries.add_revision(unit, tip.id))
        await link.exchange_all()
    assert has(link) == before
    every = update(row).where(of_tip).values(mark=b"")
    link.host.write_now(lambda unit: unit.main.execute(every))
    assert not link.host.read_keys(lambda keys: envelopes.has_tip(keys, tip.id, "sp"))
    link.host.write_now(lambda unit: unit.main.execute(update(row).where(of_tip).values(state="dead_letter")))
    act(link, tip, name="direct", to="sp", text="look again", rewording="Liquor is sold at the ghat.")
    await link.exchange_all()
    assert has(link)[0] > before[0]
    assert has(link)[1:] == before[1:]


async def test_no_row_from_when_a_station_had_the_tip_tells_it_anything_once_it_has_a_release(
    link: Any,
) -> None:
    tip = seed_tip(link.host, [link.dig], answers={"what": "I am the boatman", "category": "liquor"}, evidence=("1",))
    work, row = link.casework_at_host, tables.delivery
    opened = work.open(tip.number)
    link.host.write_now(lambda unit: work.directing.direct(unit, opened, "sp", "the tip itself", 0))
    await link.exchange_all()
    act(link, tip, name="withdraw", to="sp", text="no more")
    await link.exchange_all()
    act(link, tip, name="direct", to="sp", text="look tonight", rewording="Liquor is sold at the ghat.")
    await link.exchange_all()
    before = has(link)
    seed_file(link.host, tip, "1", b"photo", b"clean")
    for newest in ({}, {"mark": b""}):
        former = (row.c.tip == tip.id, row.c.destination == "list:sp", row.c.revision < 3)
        back = update(row).where(*former).values(state="due", ended=b"", attempts=0, due_at=0)
        altered = update(row).where(row.c.tip == tip.id, row.c.revision == 3).values(newest or {"reason": ""})
        link.host.write_now(lambda unit, both=(back, altered): [unit.main.execute(one) for one in both])
        await link.exchange_all()
        assert has(link) == before
        assert {one.state for one in link.rows(link.host, row) if one.destination == "list:sp"} == {"done"}
    told = len(link.stored_tips)
    link.host.write_now(lambda unit: unit.main.execute(delete(row).where(*former[:2], row.c.revision > 1)))
    seed_message(link.host, tip, Message(sender="tipster", text="they come at nine"))
    link.host.write_now(lambda unit: deliveries.add_revision(unit, tip.id))
    await link.exchange_all()
    assert (has(link), len(link.stored_tips)) == (before, told), "a row of an earlier time gives what the desk has now"
    link.host.write_now(lambda unit: unit.main.execute(back.where(row.c.revision == 1)))
    await link.exchange_all()
    assert has(link) == before
    act(link, tip, name="note", text="a note of the DIG")
    await link.exchange_all()
    assert has(link)[0] > before[0]
    assert has(link)[1:] == before[1:]


async def test_no_answer_of_a_station_with_a_release_rings_the_tipsters_phone(
    link: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip, queue = await released(link), office_outbox.queue_answer

    def lie(unit: UnitOfWork, answer: OfficeAnswer, identity: str) -> None:
        queue(unit, replace(answer, internal=False), identity)

    monkeypatch.setattr(office_outbox, "queue_answer", lie)
    link.casework.note(link.casework.open(tip.number), "we looked")
    await link.exchange_all()
    assert link.thread_at_host(tip.number)[-1] == "we looked"
    assert all(row.notified for row in link.rows(link.host, tables.message))
