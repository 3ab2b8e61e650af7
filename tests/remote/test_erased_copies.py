"""An office's copies follow the host: the office erases the tips that the host erases, and gets a tip's new key."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.api.sealing import CantOpen, new_identity, open_as
from satark.api.tip import Message
from satark.casework import NoSuchTip
from satark.custody.verify_log import verify_log
from satark.identity.edge_key import Identity
from satark.plugins.loader import Plugins
from satark.remote.frames import CHUNK_SIZE, open_frame
from satark.remote.offices import office_of, resend
from satark.roster.entries import Entry, KeyChange
from satark.routing.desks import change_key
from satark.runtime.retention_job import Retention
from satark.settings.settings import Settings
from satark.store import deliveries, envelopes, tables
from satark.store.erasure_orders import ORDER_DAYS
from support.acts import respond
from support.tips import SeededTip, seed_file, seed_message, seed_tip

pytestmark = pytest.mark.slow("an office at work")

FAR = 40_000
"""A day on which every term is over."""


def erase_at_host(link: Any, folder: Any) -> None:
    """Erase every tip at the host, as its retention job does once their terms are over."""
    retention = Retention(Settings(data_dir=folder / "host"), link.host, Identity(b"e" * 32), Plugins())
    retention.prepare(link.host.write_now)
    for tip in retention.scheduled(FAR):
        retention.eraser.remove_files(link.host.write_now(lambda unit, tip=tip: retention.erase(unit, tip)))


def copies(link: Any, seeded: SeededTip) -> set[str]:
    """Return the tables of the office that have a row of a tip, and the names of its sealed files."""
    found = {path.name for path in (link.office.data_dir / "evidence").glob(f"{seeded.id}-*")}
    for metadata, read in ((tables.main, link.office.read), (tables.keys, link.office.read_keys)):
        for table in metadata.sorted_tables:
            column = table.c.id if table is tables.tip else table.c.get("tip")
            if column is not None and read(lambda c: c.execute(select(column).where(column == seeded.id)).first()):  # noqa: B023 - called at once
                found.add(table.name)
    return found


async def test_the_office_erases_tips_that_the_host_erases_and_no_late_message_restores_them(
    link_on_each_database: Any, tmp_path: Any
) -> None:
    link = link_on_each_database
    seeded = link.seed_tip(evidence=("1",))
    seed_file(link.host, seeded, "1", os.urandom(2 * CHUNK_SIZE), b"clean")
    await link.exchange_all()
    seed_message(link.host, seeded, Message(sender="tipster", text="कल फिर"))
    await link.deliver()
    late = list(link.connection.to_offices)
    await link.exchange_all()
    assert {"tip", "envelope", "message", "file"} <= copies(link, seeded)
    erase_at_host(link, tmp_path)
    await link.deliver()
    orders = list(link.connection.to_offices)
    await link.exchange_all()
    assert copies(link, seeded) == {"custody"}
    with pytest.raises(NoSuchTip):
        link.casework.open(seeded.number)
    # The carrier may bring any of it again, in any order, and an office that never had the tip gets the order too.
    link.connection.to_offices = [*late, *orders, *late]
    await link.receive_at_office()
    assert copies(link, seeded) == {"custody"}
    report = verify_log(link.office)
    assert (report.problems, report.erased) == ((), {"term": 1})


async def test_an_order_to_erase_that_comes_before_the_tip_keeps_the_tip_away(link: Any, tmp_path: Any) -> None:
    seeded = link.seed_tip()
    await link.deliver()
    sent, link.connection.to_offices = link.connection.to_offices, []
    erase_at_host(link, tmp_path)
    await link.deliver()
    link.connection.to_offices += sent
    await link.receive_at_office()
    assert copies(link, seeded) == set()


async def test_an_order_to_erase_that_the_broker_drops_comes_again_with_the_next_list(link: Any, tmp_path: Any) -> None:
    dropped, kept = link.seed_tip(evidence=("1",)), link.seed_tip(to=(link.dig,), excluded=("sp",))
    link.take_away(kept, "sp")
    seed_file(link.host, dropped, "1", b"original", b"clean")
    await link.exchange_all()
    assert {"tip", f"{dropped.id}-1.original.age"} <= copies(link, dropped)
    erase_at_host(link, tmp_path)
    await link.deliver()
    link.connection.to_offices.clear()  # here the broker's operator drops all frames of some minutes
    link.host.write_now(lambda unit: deliveries.delete_finished(unit, finished(link, ORDER_DAYS - 1)))
    office = link.host.read(lambda c: office_of(c, link.host.keys, "sp"))
    await link.host_outbox.send_directory(office, link.connection.publish, again=True)
    ((_, frame),) = link.connection.to_offices
    assert bytes.fromhex(kept.id) not in open_frame(frame, link.office_key).frame.body
    await link.receive_at_office()
    assert copies(link, dropped) == {"custody"}
    assert verify_log(link.office).erased == {"term": 1}
    assert len(finished(link, ORDER_DAYS + 1)) == 2


def finished(link: Any, days: int) -> Any:
    """Return the ids of the orders that the host no longer keeps so many days later."""
    later = int(time.time()) + days * 86_400
    return link.host.read(lambda c: deliveries.finished_notifications(c, later, 9))


async def test_no_desk_at_the_host_and_no_office_without_the_tip_gets_an_order_to_erase(
    link: Any, tmp_path: Any
) -> None:
    seeded = link.seed_tip()
    link.host.write_now(lambda unit: unit.main.execute(tables.delivery.update().values(destination="desk:dig")))
    erase_at_host(link, tmp_path)
    assert await link.deliver() == []
    assert link.host.write_now(lambda unit: deliveries.office_destinations(unit, seeded.id)) == []


async def test_an_attacker_who_writes_rows_orders_no_office_to_erase_a_tip(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    order = deliveries.new_row(link.host.keys, f"erased:{seeded.id}:term", "list:sp", 0)
    link.host.write_now(lambda unit: unit.insert(tables.delivery, [order]))
    await link.exchange_all()
    assert link.casework.open(seeded.number).tip == seeded.tip


async def test_a_tips_new_key_reaches_the_office(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    _, identity = new_identity()
    entry = Entry(body=KeyChange.of("dig", link.dig_identity, identity))
    link.host.write_now(lambda unit: change_key(unit, link.host.roster, entry, link.dig_identity, identity))
    await link.exchange_all()
    respond(link.casework, link.casework.open(seeded.number), status="ACTION", text="देख रहे हैं")
    await link.exchange_all()
    link.dig_identity = identity
    assert link.thread_at_host(seeded.number) == ["देख रहे हैं"]
    (row,) = link.rows(link.host, tables.message)
    with pytest.raises(CantOpen):
        open_as(Message, row.sealed, seeded.identity)


async def test_the_erasure_of_a_tip_that_was_kept_from_an_office_is_covered(
    link: Any, next_moment: Callable[[], None], tmp_path: Any
) -> None:
    kept, had = link.seed_tip(excluded=("sp",)), link.seed_tip()
    link.take_away(kept, "sp")
    await link.exchange_all()
    erase_at_host(link, tmp_path)
    rows = [row.tip for row in link.rows(link.host, tables.delivery)]
    assert len(rows) == 2
    assert not any(one.id in named for one in (kept, had) for named in rows)
    next_moment()
    await link.deliver()
    assert len(link.connection.to_offices) == 1, "a cover beside the order would tell that a tip was kept"
    await link.receive_at_office()
    assert copies(link, had) == {"custody"}
    tags = link.office.read_keys(lambda c: c.execute(select(tables.erased_tip.c.tag)).scalars().all())
    assert [one[:16] for one in tags] == [link.office.read_keys(lambda c: envelopes.tag(c, had.id, "erased copy"))]


@pytest.mark.parametrize("forgets", ["resend", "rows"])
async def test_an_office_that_lost_a_tip_is_ordered_to_erase_it_whatever_the_rows_of_sent_messages_say(
    link: Any, tmp_path: Any, forgets: str
) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    link.take_away(seeded, "sp")
    if forgets == "resend":
        link.host.write_now(lambda unit: resend(unit, "sp"))
    else:
        link.host.write_now(lambda unit: unit.main.execute(tables.sent_transfer.delete()))
    await link.exchange_all()
    erase_at_host(link, tmp_path)
    await link.exchange_all()
    assert copies(link, seeded) == {"custody"}


async def test_who_alters_the_ids_of_finished_covers_has_no_office_ordered_to_erase_a_tip_that_it_did_not_have(
    link: Any, next_moment: Callable[[], None], tmp_path: Any
) -> None:
    kept = seed_tip(link.host, [link.dig], excluded=("sp",))
    link.host.write_now(lambda unit: deliveries.add(unit, kept.id, "list:sp", kind="cover"))
    (cover,) = link.rows(link.host, tables.delivery)
    link.host.write_now(lambda unit: deliveries.mark_done(unit, [cover.id], covers=True))
    altered = update(tables.delivery).where(tables.delivery.c.destination == "list:sp").values(id=os.urandom(16))
    link.host.write_now(lambda unit: unit.main.execute(altered))
    erase_at_host(link, tmp_path)
    next_moment()
    await link.deliver()
    ((_, frame),) = link.connection.to_offices
    assert open_frame(frame, link.office_key).frame.kind == "cover"
    await link.receive_at_office()
    assert link.office.read_keys(lambda c: c.execute(select(tables.erased_tip.c.tag)).scalars().all()) == []
