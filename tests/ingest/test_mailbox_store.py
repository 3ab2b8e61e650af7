"""A receipt code opens the mailbox, and wrong ones are slowed down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from satark.api.sealing import seal
from satark.api.tip import Message, Status
from satark.ingest.ingest import IngestFailed
from satark.store import tables, threads
from support.acts import respond
from support.later import render_a_band_later
from support.working_host import WRONG, picture, working_host, working_host_on

pytestmark = pytest.mark.slow("a host")


async def test_a_desk_asks_and_the_tipster_answers_through_the_mailbox(databases: Any, tmp_path: Path) -> None:
    async with working_host_on(databases, tmp_path) as place:
        asha = place.tipster()
        code = await place.receipt(asha)
        desk = place.desk("sp")
        tip = desk.open(desk.summaries()[0].header.number)
        respond(desk, tip, text="At what hour?", question=True)
        bina = place.tipster("another phone of hers")
        assert "At what hour?" in await bina.say(code)
        await bina.say("At nine in the evening")
        assert desk.open(tip.id).thread[-1].message.text == "At nine in the evening"
        again = await place.tipster("a third").say(code)
        assert "At what hour?" in again
        assert "Don't know" not in again, "it is answered"


async def test_an_attacker_who_writes_rows_without_a_key_can_not_write_to_a_tipster(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        code = await place.receipt(place.tipster())
        desk = place.desk("sp")
        tip = desk.open(desk.summaries()[0].id)
        respond(desk, tip, text="At what hour?", question=True)
        row = place.rows(tables.tip)[0]
        plain = Message(sender="desk", desk="sp", text="Send us your name", signature=bytes(64))
        for forged in (plain, msgspec.structs.replace(plain, question=True, status="NEED_INFO"), status("CLOSED")):
            sealed = seal(forged, row.recipient, tip.envelope.receipt)
            place.host.services.write_now(lambda u, one=sealed: threads.append(u, row.id, one, notified=False))  # type: ignore[misc]
        copied = place.rows(tables.message)[0].sealed
        place.host.services.write_now(lambda unit: threads.append(unit, row.id, copied, notified=False))
        said = await place.tipster("another phone of hers").say(code)
        assert "At what hour?" in said
        assert "Send us your name" not in said
        assert "closed" not in said.lower()
        opened = desk.open(tip.id)
        assert [one.message.text for one in opened.unsigned] == ["Send us your name"] * 2 + [
            "nothing was found",
            "At what hour?",
        ]
        counted = b'satark_forged_mailboxes_total{channel="script"} 1.0'
        assert place.host.metrics.faults.current == [], "its time would tell who opened the mailbox"
        assert counted in render_a_band_later(place.host.metrics)
        assert [one.code for one in place.host.metrics.faults.current] == ["messages_forged"]


def status(name: Status) -> Message:
    return Message(sender="desk", desk="dig", status=name, text="nothing was found", signature=bytes(64))


async def test_two_phones_at_one_mailbox_lose_no_file(databases: Any, tmp_path: Path) -> None:
    async with working_host_on(databases, tmp_path) as place:
        place.channel.files.update(dict.fromkeys(("hers", "his"), b"plain words"))
        asha, bina = place.tipster(), place.tipster("another phone of hers")
        code = await place.receipt(asha)
        for phone in (asha, bina):
            await phone.say(code)
        for phone, name in ((asha, "hers"), (bina, "his")):
            await phone.hear(picture(name))
            assert "passed on" in phone.text
        assert [row[1] for row in sorted(place.rows(tables.file))] == ["1", "2"]


async def test_while_somebody_hides_a_tips_row_nothing_is_called_erased_or_passed_on(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        code = await place.receipt(place.tipster())
        inside = place.tipster("another phone of hers")
        await inside.say(code)
        (row,) = place.rows(tables.tip)
        place.host.services.write_now(lambda unit: unit.main.execute(delete(tables.tip)))
        for phone, text in ((place.tipster("a third"), code), (inside, "They are at my door")):
            with pytest.raises(IngestFailed):  # the provider sends it again
                await phone.say(text)
        place.host.services.write_now(lambda unit: unit.insert(tables.tip, [dict(row._mapping)]))
        await inside.say("They are at my door")
        desk = place.desk("sp")
        assert desk.open(desk.summaries()[0].id).thread[-1].message.text == "They are at my door"


async def test_what_is_told_to_a_tip_that_is_erased_while_its_mailbox_is_open_is_not_called_passed_on(
    tmp_path: Path,
) -> None:
    async with working_host(tmp_path) as place:
        code = await place.receipt(place.tipster())
        inside, with_a_file = place.tipster("another phone of hers"), place.tipster("a third")
        await inside.say(code)
        await with_a_file.say(code)
        place.host.services.write_now(erase)
        await inside.say("They are at my door")
        await with_a_file.hear(picture("door"))
        for phone in (inside, with_a_file):
            assert "was not added" in phone.text
            assert "erased" in phone.text
            assert "passed on" not in phone.text
        assert place.count("file") == 0


async def test_what_is_told_after_sending_to_a_tip_that_is_erased_meanwhile_is_not_called_added(
    tmp_path: Path,
) -> None:
    async with working_host(tmp_path) as place:
        phones = [place.tipster(f"914000000{number}") for number in range(3)]
        for phone in phones:
            await place.receipt(phone)
        place.host.services.write_now(erase)
        await phones[0].say("They sell at the back door of the school too")
        await phones[1].hear(picture("door"))
        await phones[2].say("Yes, message me")
        assert [("was not added" in phone.text, "has been erased" in phone.text) for phone in phones] == [
            (True, True), (True, True), (False, True),
        ]  # fmt: skip
        assert [place.count(name) for name in ("file", "message", "reach", "conversation")] == [0] * 4


def erase(unit: Any) -> None:
    """Erase every tip."""
    unit.main.execute(delete(tables.tip))
    unit.keys.execute(delete(tables.envelope))


async def test_a_number_that_is_no_code_is_part_of_the_tip_that_it_is_told_in(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        told = "TIP lanka ki dukan me raju smack bechta hai, paise wallet 7197220455613380 me leta hai"
        assert "4K7Q" not in await asha.say(told)
        desk = place.desk("sp")
        assert b"7197220455613380" in msgspec.json.encode(desk.open(desk.summaries()[0].id).tip)
        assert [result.wrong_code for result in asha.results] == [True]


async def test_only_a_tipster_who_agreed_can_be_reached_until_they_close_the_mailbox(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await place.receipt(asha)
        assert place.count("reach") == 0
        await asha.say("2")
        assert place.count("reach") == 1
        await asha.say("forget")
        assert (place.count("reach"), place.count("conversation")) == (0, 0)
        assert place.count("tip") == 1


async def test_a_mailbox_whose_address_was_altered_opens_without_it(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        code = await place.receipt(asha)
        await asha.say("2")
        desk = place.desk("sp")
        respond(desk, desk.open(desk.summaries()[0].id), text="At what hour?", question=True)
        altered = tables.reach.update().values(handle=b"?" * 300)
        place.host.services.write_now(lambda unit: unit.main.execute(altered))
        assert "At what hour?" in await place.tipster("another phone of hers").say(code)


async def test_wrong_and_unknown_codes_get_the_same_words_and_five_end_the_question(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await asha.say("Hi", "English")
        said = [await asha.say(code) for code in (WRONG, "1234 5678 9012 3456", WRONG, WRONG)]
        assert len(set(said)) == 1
        last = await asha.say(WRONG)
        assert last not in said
        assert sum(result.wrong_code for result in asha.results) == 5
