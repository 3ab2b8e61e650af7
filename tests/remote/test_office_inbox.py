"""From the host to an office: whatever the carrier does, nothing is lost, doubled or half there."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from sqlalchemy import delete, update

from satark.carrier import NotCarried
from satark.casework import Casework, NoSuchTip
from satark.custody import log as custody
from satark.custody.audit import verify
from satark.desk import NoSuchDesk
from satark.remote.frames import BODY
from satark.remote.offices import resend
from satark.sink import DeadLetter
from satark.store import tables
from satark.testing.tips import seed_file, seed_file_state, seed_message
from satark.tip import Accused, Message

PHOTO = os.urandom(3 * BODY)


async def test_a_tip_opens_at_the_office_with_its_files_and_thread(any_bridge: Any) -> None:
    bridge = any_bridge
    seeded = bridge.seed_tip(evidence=("1", "2", "3"))
    seed_file(bridge.host, seeded, "1", PHOTO, b"clean")
    seed_file_state(bridge.host, seeded, "2", "due")
    seed_file_state(bridge.host, seeded, "3", "lost")
    seed_message(bridge.host, seeded, Message(sender="tipster", text="कल फिर"))
    await bridge.settle()
    opened = bridge.work.open(seeded.number)
    assert opened.tip == seeded.tip
    assert (opened.pending, opened.lost, opened.damaged, opened.waiting) == (("2",), ("3",), 0, 0)
    assert bridge.content(seeded.number, "1", original=True) == PHOTO
    assert bridge.content(seeded.number, "1") == b"clean"
    assert bridge.words(seeded.number) == ["कल फिर"]
    assert bridge.arrived[0] == ("sp", seeded.id, 1)
    assert bridge.rows(bridge.office, tables.chunk) == []


async def test_what_comes_later_travels_too_and_files_go_once(any_bridge: Any) -> None:
    bridge = any_bridge
    seeded = bridge.seed_tip(evidence=("1", "2"))
    seed_file(bridge.host, seeded, "1", PHOTO)
    await bridge.settle()
    bridge.at_dig.respond(bridge.at_dig.open(seeded.number), status="ASSIGNED", text="थाना देखेगा")
    seed_file(bridge.host, seeded, "2", b"later")
    bridge.renew(seeded)
    await bridge.send()
    assert len(bridge.line.down) == 2  # the letter, and the second file; the first one's four cells are not sent again
    await bridge.settle()
    assert bridge.words(seeded.number) == ["थाना देखेगा"]
    assert bridge.content(seeded.number, "2", original=True) == b"later"
    assert bridge.work.summaries()[0].status == "ASSIGNED"


@pytest.mark.parametrize("seed", range(4))
async def test_doubled_and_shuffled_messages_do_no_harm(bridge: Any, seed: int) -> None:
    chance = random.Random(seed)
    seeded = bridge.seed_tip(evidence=("1",))
    await bridge.send()
    for text in ("एक", "दो", "तीन"):
        seed_message(bridge.host, seeded, Message(sender="tipster", text=text))
        await bridge.send()
    seed_file(bridge.host, seeded, "1", PHOTO, b"clean")
    bridge.renew(seeded)
    await bridge.send()
    bridge.line.down = bridge.line.down * 2
    chance.shuffle(bridge.line.down)
    await bridge.settle()
    assert bridge.words(seeded.number) == ["एक", "दो", "तीन"]
    assert bridge.content(seeded.number, "1", original=True) == PHOTO
    assert bridge.rows(bridge.office, tables.chunk) == []
    assert len(bridge.rows(bridge.office, tables.tip)) == 1


async def test_a_letter_longer_than_a_cell_is_put_together(bridge: Any) -> None:
    seeded = bridge.seed_tip(answers={"what": "x" * 200_000})
    await bridge.send()
    assert len(bridge.line.down) > 4
    bridge.line.down.reverse()
    await bridge.settle()
    assert bridge.work.open(seeded.number).tip.answers == {"what": "x" * 200_000}
    assert bridge.rows(bridge.office, tables.chunk) == []


async def test_a_sending_that_breaks_off_goes_on_where_it_stopped(bridge: Any) -> None:
    big = os.urandom(60 * BODY)
    seeded = bridge.seed_tip(evidence=("1",))
    seed_file(bridge.host, seeded, "1", big)
    bridge.line.room = 40
    with pytest.raises(NotCarried):
        await bridge.send()
    bridge.line.room = -1
    first = len(bridge.line.down)
    bridge.make_due()
    await bridge.send()
    assert len(bridge.line.down) - first < 40  # the letter again, and not the cells that were confirmed by then
    await bridge.settle()
    assert bridge.content(seeded.number, "1", original=True) == big


async def test_an_office_killed_between_two_cells_puts_the_file_together_afterwards(bridge: Any) -> None:
    seeded = bridge.seed_tip(evidence=("1",))
    seed_file(bridge.host, seeded, "1", PHOTO)
    await bridge.send()
    while bridge.line.down:
        (_, message), *bridge.line.down = bridge.line.down
        await bridge.arrivals.take(message)
        bridge.begin_anew()
        await bridge.arrivals.take(message)
    assert bridge.content(seeded.number, "1", original=True) == PHOTO


async def test_a_kill_between_file_and_commit_leaves_the_file_to_be_put_in_place_again(
    bridge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeded = bridge.seed_tip(evidence=("1",))
    seed_file(bridge.host, seeded, "1", PHOTO)
    await bridge.send()
    with monkeypatch.context() as patch:
        patch.setattr("satark.remote.office_inbox._file_is_here", planted_failure)
        for _, message in bridge.line.down[:-1]:
            await bridge.arrivals.take(message)
        with pytest.raises(OSError, match="planted"):
            await bridge.arrivals.take(bridge.line.down[-1][1])
    assert bridge.work.open(seeded.number).pending == ("1",)
    await bridge.arrivals.take(bridge.line.down[-1][1])
    assert bridge.content(seeded.number, "1", original=True) == PHOTO


def planted_failure(*_: object) -> None:
    raise OSError("planted")


async def test_an_office_that_lost_its_store_gets_everything_once_more(bridge: Any) -> None:
    seeded = bridge.seed_tip(evidence=("1",))
    seed_file(bridge.host, seeded, "1", PHOTO)
    await bridge.settle()
    for table in (tables.tip, tables.file, tables.announced_file, tables.message):
        bridge.office.write_now(lambda unit, table=table: unit.main.execute(delete(table)))
    assert bridge.host.write_now(lambda unit: resend(unit, "sp")) == 1
    await bridge.settle()
    assert bridge.content(seeded.number, "1", original=True) == PHOTO
    with pytest.raises(NoSuchDesk):
        bridge.host.write_now(lambda unit: resend(unit, "dig"))


async def test_the_custody_of_a_file_comes_with_it_once(bridge: Any) -> None:
    seeded = bridge.seed_tip(evidence=("1",))
    seed_file(bridge.host, seeded, "1", b"original", b"clean")
    await bridge.settle()
    bridge.renew(seeded)
    await bridge.settle()
    there, here = (
        [one.entry for one in side.read(lambda c: custody.read(c, seeded.id, seeded.identity))]
        for side in (bridge.host, bridge.office)
    )
    assert here == there != []


async def test_a_desk_that_may_not_have_a_tip_never_gets_a_byte_of_it(bridge: Any) -> None:
    seeded = bridge.seed_tip(accused=Accused(level="district"), excluded=("sp",))
    bridge.host.write_now(lambda unit: unit.keys.execute(delete(tables.envelope).where(tables.envelope.c.desk == "sp")))
    assert await bridge.send() == [DeadLetter("the tip was not sealed to this desk")]
    assert bridge.line.down == []
    bridge.at_dig.note(bridge.at_dig.open(seeded.number), "गोपनीय")
    await bridge.send()
    assert bridge.line.down == []
    with pytest.raises(NoSuchTip):
        bridge.work.open(seeded.number)


async def test_a_desk_at_the_host_has_no_office(bridge: Any) -> None:
    bridge.seed_tip()
    bridge.host.write_now(lambda unit: unit.main.execute(update(tables.delivery).values(destination="list:dig")))
    (result,) = await bridge.send()
    assert isinstance(result, DeadLetter)
    assert "satark desk register" in result.reason


VOICE: dict[str, Any] = {"kind": "voice", "mime": "audio/ogg", "role": "what", "disguised": b"disguised"}


async def test_a_recorded_voice_is_heard_in_an_office_and_written_out_for_the_host(bridge: Any) -> None:
    seeded = bridge.seed_tip(evidence=("1",), answers={"what": {"voice": "1"}})
    seed_file(bridge.host, seeded, "1", b"voice", b"clean", **VOICE)
    await bridge.settle()
    work = Casework(bridge.office, "sp", bridge.identity, officer="rao", may_listen=True)
    assert b"".join(work.listen(work.open(seeded.number), "1")) == b"disguised"
    work.transcribe(work.open(seeded.number), "1", "रात को ट्रक")
    await bridge.settle()
    assert work.open(seeded.number).transcript("1") == "रात को ट्रक"
    assert bridge.at_dig.open(seeded.number).transcript("1") == "रात को ट्रक"


async def test_a_recorded_voice_never_lies_on_a_stations_machine_not_even_sealed(bridge: Any) -> None:
    bridge.host.write_now(
        lambda unit: unit.main.execute(
            update(tables.desk).where(tables.desk.c.name == "sp").values(level="station", area="lanka")
        )
    )
    seeded = bridge.seed_tip(evidence=("1", "2"), answers={"what": {"voice": "1"}})
    seed_file(bridge.host, seeded, "1", b"voice", b"clean", **VOICE)
    seed_file(bridge.host, seeded, "2", b"photo", b"clean photo")
    await bridge.settle()
    opened = bridge.work.open(seeded.number)
    assert [voice.ordinal for voice in opened.voices] == ["1"]
    assert bridge.content(seeded.number, "2") == b"clean photo"
    assert [path.name for path in bridge.office.evidence_dir.glob(f"{seeded.id}-1*")] == []
    assert verify(bridge.office).problems == (), "what never came is not missing"
