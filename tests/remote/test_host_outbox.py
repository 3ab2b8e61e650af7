"""At the host: the messages that an office gets, and those that it never gets."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.api.routing import Destination
from satark.api.sink import CarrierError, DeadLetter, Done, MessageRejected
from satark.api.tip import Accused
from satark.casework import NoSuchTip
from satark.custody.verify_log import verify_log
from satark.remote.frames import CHUNK_SIZE, open_frame
from satark.remote.host_outbox import HostOutbox
from satark.remote.link_keys import LinkKey, OfficePairing
from satark.remote.offices import link_office
from satark.store import deliveries, envelopes, tables
from satark.store.due_times import last_moment
from satark_testing.waiting import until
from support.acts import respond
from support.tips import seed_file

pytestmark = pytest.mark.slow("an office at work")

PHOTO = os.urandom(3 * CHUNK_SIZE)


async def test_later_messages_and_files_are_sent_and_each_file_only_once(link_on_each_database: Any) -> None:
    link = link_on_each_database
    seeded = link.seed_tip(evidence=("1", "2"))
    seed_file(link.host, seeded, "1", PHOTO)
    await link.exchange_all()
    respond(link.casework_at_host, link.casework_at_host.open(seeded.number), status="ASSIGNED", text="थाना देखेगा")
    seed_file(link.host, seeded, "2", b"later")
    link.add_revision(seeded)
    await link.deliver()
    assert (
        len(link.connection.to_offices) == 2
    )  # the message, and the second file; the four chunks of the first are not sent again
    await link.exchange_all()
    assert link.thread_at_office(seeded.number) == ["थाना देखेगा"]
    assert link.content(seeded.number, "2", original=True) == b"later"
    assert link.casework.summaries()[0].status == "ASSIGNED"


async def test_an_interrupted_transfer_resumes_after_the_confirmed_chunks(link: Any) -> None:
    big = os.urandom(60 * CHUNK_SIZE)
    seeded = link.seed_tip(evidence=("1",))
    seed_file(link.host, seeded, "1", big)
    link.connection.capacity = 40
    with pytest.raises(CarrierError):
        await link.deliver()
    link.connection.capacity = -1
    first = len(link.connection.to_offices)
    link.make_deliveries_due()
    await link.deliver()
    assert len(link.connection.to_offices) - first < 40  # the message again, and not the confirmed chunks
    await link.exchange_all()
    assert link.content(seeded.number, "1", original=True) == big


async def test_a_desk_without_an_envelope_is_sent_as_many_covers_and_learns_nothing(
    link: Any, next_moment: Callable[[], None]
) -> None:
    frames = []
    for excluded in ((), ("sp",)):
        seeded = link.seed_tip(evidence=("1",), accused=Accused(level="district"), excluded=excluded)
        seed_file(link.host, seeded, "1", PHOTO)
        if excluded:
            link.take_away(seeded, "sp")
        before = len(link.connection.to_offices)
        next_moment()
        assert await link.deliver() == [Done()]
        frames.append([len(one) for one in link.connection.to_offices[before:]])
        await link.exchange_all()
    assert frames[0] == frames[1]
    with pytest.raises(NoSuchTip):
        link.casework.open(seeded.number)
    assert seeded.id not in str(link.office.read(lambda c: c.execute(select(tables.tip.c.id)).all()))


async def test_no_row_tells_a_moment_of_messages_from_one_of_a_cover(
    link: Any, next_moment: Callable[[], None]
) -> None:
    seen = []
    for excluded in ((), ("sp",)):
        seeded = link.seed_tip(accused=Accused(level="district"), excluded=excluded)
        if excluded:
            link.take_away(seeded, "sp")
        next_moment()
        assert await link.deliver() == [Done()]
        seen.append({row.chunks for row in link.rows(link.host, tables.sent_transfer)})
    assert all(chunks > 1 << 8 for chunks in seen[1] - {1}), "drawn, not a 0 or a 1"
    assert len(seen[1] - seen[0]) == 1


async def test_no_delivery_carries_the_roster_which_would_tell_of_a_tip_that_is_kept_from_the_office(link: Any) -> None:
    link.seed_tip(to=(link.dig,), accused=Accused(level="district"), excluded=("sp",))
    assert await link.deliver() == [Done()]
    await link.receive_at_office()
    assert [row.roster for row in link.rows(link.office, tables.host_link)] == [b""]


async def test_an_office_gets_the_roster_once_a_day_whatever_waits_for_it(link: Any) -> None:
    sent = []
    for _ in range(2):
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await link.host_outbox.send_covers(link.connection.publish)
        sent.append(len(link.connection.to_offices))
        link.seed_tip()
    assert sent == [1, 1]
    await link.receive_at_office()
    assert [row.roster != b"" for row in link.rows(link.office, tables.host_link)] == [True]


async def test_an_office_that_is_registered_while_the_host_runs_gets_the_roster(
    link: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.remote.host_outbox._LOOK_SECONDS", 0.05)
    desks = link.host.desks
    monkeypatch.setattr(link.host, "desks", list)
    sending = asyncio.create_task(link.host_outbox.send_covers(link.connection.publish))
    await asyncio.sleep(0.1)
    assert not link.connection.to_offices
    monkeypatch.setattr(link.host, "desks", desks)
    await until(lambda: bool(link.connection.to_offices))
    sending.cancel()


async def test_a_desk_that_had_covers_gets_the_tip_and_its_files_once_they_are_given_to_it(link: Any) -> None:
    seeded = link.seed_tip(evidence=("1",), excluded=("sp",))
    seed_file(link.host, seeded, "1", PHOTO)
    key = link.host.read_keys(lambda c: envelopes.find(c, seeded.id, "sp"))
    link.take_away(seeded, "sp")
    await link.exchange_all()
    link.host.write_now(lambda unit: envelopes.store(unit, seeded.id, "sp", key))
    link.host.write_now(lambda unit: deliveries.add(unit, seeded.id, "list:sp", again=True))
    await link.exchange_all()
    assert link.content(seeded.number, "1", original=True) == PHOTO


async def test_an_office_can_not_tell_a_cover_for_a_tip_from_another_cover(link: Any) -> None:
    seeded = link.seed_tip(evidence=("1",))
    seed_file(link.host, seeded, "1", PHOTO)
    await link.exchange_all()
    before = len(link.connection.to_offices)
    await link.send_covers()
    sent = link.connection.to_offices[before:]
    assert len(sent) > len(PHOTO) / CHUNK_SIZE
    assert len({len(one) for one in sent}) == 1
    await link.exchange_all()
    assert link.casework.summaries()[0].header.number == seeded.number


async def test_an_office_is_sent_no_cover_beside_a_waiting_message(link: Any) -> None:
    link.seed_tip()
    await link.send_covers()
    assert not link.connection.to_offices
    await link.exchange_all()
    before = len(link.connection.to_offices)
    await link.send_covers()
    assert len(link.connection.to_offices) > before


@pytest.mark.full("days of covers")
async def test_covers_go_out_at_each_offices_moments(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    link.seed_tip()
    await link.exchange_all()
    before = len(link.connection.to_offices)
    monkeypatch.setattr(link.host, "office_seconds", 1)
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            await link.host_outbox.send_covers(link.connection.publish)
    assert len(link.connection.to_offices) > before


@pytest.mark.parametrize("told", [[(0, 1), (0, 2)], [(1, 1), (2, 3), (0, 1)], [(3, 0), (0, 3), (1, 0)]], ids=str)
async def test_an_office_gets_at_a_moment_its_own_messages_or_one_cover_whatever_is_kept_from_it(
    told: list[tuple[int, int]], link: Any, next_moment: Callable[[], None]
) -> None:
    own = []
    for mine, kept in [*told, *[(0, 0)] * 3]:
        next_moment()
        for number in random.sample(range(mine + kept), mine + kept):
            if number < mine:
                own.append(link.seed_tip().number)
            else:
                link.seed_tip(to=(link.dig,), accused=Accused(level="district"), excluded=("sp",))
        before = len(link.connection.to_offices)
        link.make_deliveries_due()
        await link.deliver()
        kinds = [open_frame(one, link.office_key).frame.kind for _, one in link.connection.to_offices[before:]]
        assert "cover" not in kinds or kinds == ["cover"]
    await link.receive_at_office()
    assert {one.header.number for one in link.casework.summaries()} == set(own)


async def test_a_moment_at_which_a_message_waits_is_left_to_the_message(
    link: Any, next_moment: Callable[[], None]
) -> None:
    to = Destination("list:sp")
    for _ in range(3):
        next_moment()
        seeded = link.seed_tip()
        link.make_deliveries_due()
        at = last_moment(link.host.keys, to, 300, int(time.time()))
        await link.host_outbox.send_cover(to, link.connection.publish, at)
        assert await link.deliver() == [Done()]
        await link.receive_at_office()
        assert link.casework.open(seeded.number).tip == seeded.tip


async def test_only_one_of_several_processes_sends_the_cover_of_a_moment(
    link: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link.host, "office_seconds", 300)
    processes = [HostOutbox(link.host, link.host_key) for _ in range(3)]
    taken = [[await one._takes_moment(Destination("list:sp"), at) for one in processes] for at in (600, 900, 600, 1200)]
    assert [sum(one) for one in taken] == [1, 1, 0, 1]


async def test_who_alters_the_numbers_of_sent_chunks_ends_no_covers(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link.host, "office_seconds", 300)
    altered = update(tables.sent_transfer).values(chunks=2**31 - 1)
    for at in range(600, 12_000, 300):
        assert await link.host_outbox._takes_moment(Destination("list:sp"), at)
        link.host.write_now(lambda unit: unit.main.execute(altered))
    assert len(link.rows(link.host, tables.sent_transfer)) < 20, "rows of former moments are deleted"


async def test_a_delivery_to_a_desk_without_an_office_is_a_dead_letter(link: Any) -> None:
    link.seed_tip()
    link.host.write_now(lambda unit: unit.main.execute(update(tables.delivery).values(destination="list:dig")))
    (result,) = await link.deliver()
    assert isinstance(result, DeadLetter)
    assert "satark desk register" in result.reason


VOICE: dict[str, Any] = {"kind": "voice", "mime": "audio/ogg", "role": "what", "disguised": b"disguised"}


@pytest.mark.parametrize("link", [{"level": "station", "area": "lanka"}], indirect=True)
async def test_no_sound_and_no_original_is_sent_to_a_station_whatever_its_row_says(link: Any) -> None:
    link.host.write_now(lambda unit: unit.main.execute(update(tables.desk).values(level="range", area="")))
    seeded = link.seed_tip(evidence=("1", "2", "3", "4"), answers={"what": {"voice": "1"}})
    seed_file(link.host, seeded, "1", b"voice", b"clean", **VOICE)
    seed_file(link.host, seeded, "2", b"photo", b"clean photo")
    seed_file(link.host, seeded, "3", b"film", b"clean film", muted=b"silent film", kind="video", mime="video/mp4")
    seed_file(link.host, seeded, "4", b"of a kind that nobody opens", problem="unsupported")
    await link.exchange_all()
    opened = link.casework.open(seeded.number)
    assert [voice.ordinal for voice in opened.voices] == ["1"]
    assert link.content(seeded.number, "2") == b"clean photo"
    held = {
        path.name.removeprefix(f"{seeded.id}-") for path in (link.office.data_dir / "evidence").glob(f"{seeded.id}-*")
    }
    assert held == {"2.clean.age", "3.muted.age"}
    assert verify_log(link.office).problems == (), "what never came is not missing"


async def test_who_writes_a_desks_row_opens_no_copy_of_its_tips(link: Any, stranger_key: Any) -> None:
    seeded = link.seed_tip()
    thief = stranger_key.public_keys.recipient
    link.host.write_now(lambda unit: unit.main.execute(update(tables.desk).values(recipient=thief)))
    link.host.write_now(lambda unit: unit.main.execute(tables.delivery.delete()))
    link.host.write_now(lambda unit: deliveries.add(unit, seeded.id, "copies:dig"))
    link.host_outbox = HostOutbox(link.host, link.host_key, ["dig"])
    assert await link.deliver() == [Done()]
    owner = LinkKey(link.dig_identity, os.urandom(32))
    for _, message in link.connection.to_offices:
        assert open_frame(message, owner).frame.desk == "dig"
        with pytest.raises(MessageRejected):
            open_frame(message, stranger_key)


async def test_an_office_whose_row_says_that_it_is_here_gets_what_changes(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    link.host.write_now(lambda unit: unit.main.execute(update(tables.desk).values(via="desk")))
    link.casework_at_host.note(link.casework_at_host.open(seeded.number), "seen")
    await link.exchange_all()
    assert link.thread_at_office(seeded.number) == ["seen"]


async def test_who_writes_an_offices_row_and_reads_its_broker_opens_no_frame(link: Any, stranger_key: Any) -> None:
    seeded = link.seed_tip()
    forged = update(tables.office).values(recipient=stranger_key.public_keys.recipient)
    link.host.write_now(lambda unit: unit.main.execute(forged))
    (result,) = await link.deliver()
    assert "satark desk register" in result.reason
    link.make_deliveries_due()
    await link.send_covers()
    assert link.connection.to_offices == []
    pairing = OfficePairing.of("sp", link.sp_identity, link.office_key)
    link.host.write_now(lambda unit: link_office(unit, pairing))
    link.make_deliveries_due()
    await link.exchange_all()
    assert link.casework.open(seeded.number).tip == seeded.tip
