"""One turn: the requests of an event are carried out in its transaction, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, update

from satark.api import hookimpl
from satark.api.inbound import Batch, Media, MediaRef, Moved, Revoked, Text
from satark.ingest.ingest import IngestFailed
from satark.runtime.dependency_faults import missing_faults
from satark.store import tables
from satark.store.unit_of_work import UnitOfWork
from support.scripted import (
    inbound,
)
from support.working_host import ANSWERS, CODE, RECEIPT, picture, working_host, working_host_on

pytestmark = pytest.mark.slow("a host")


@pytest.mark.slow("a process")
async def test_a_file_for_a_submitted_tip_never_gets_the_ordinal_of_an_erased_one(
    databases: Any, tmp_path: Path
) -> None:
    async with working_host_on(databases, tmp_path) as place:
        place.channel.files.update(dict.fromkeys(("one", "two", "three", "late"), b"plain words"))
        asha = place.tipster()
        await asha.walk(ANSWERS, "Send photo")
        for name in ("one", "two", "three"):
            await asha.hear(picture(name), f"key of {name}")
        await asha.hear(Revoked("key of two"))
        await asha.walk_on({"so far": "done", **ANSWERS}, RECEIPT)
        code = CODE.search(asha.text)
        assert code
        assert "Received" in await asha.say(code.group())
        await asha.hear(picture("late"))
        assert "passed on" in asha.text
        assert [row[1] for row in sorted(place.rows(tables.file))] == ["1", "3", "4"]


@pytest.mark.parametrize("when", ["before it is sent", "after it is sent", "in the mailbox"])
async def test_a_file_whose_row_somebody_deletes_before_it_is_fetched_is_missed(
    when: str, databases: Any, tmp_path: Path
) -> None:
    async with working_host_on(databases, tmp_path) as place:
        asha, host = place.tipster(), place.host.services

        def delete_row() -> None:
            host.write_now(lambda unit: unit.main.execute(delete(tables.file)))

        await asha.walk(ANSWERS, "Send photo")
        if when != "in the mailbox":
            await asha.hear(picture("never fetched"))
        if when == "before it is sent":
            delete_row()
        await asha.walk_on({"so far": "done", **ANSWERS}, RECEIPT)
        if when == "in the mailbox":
            code = CODE.search(asha.text)
            assert code
            await asha.say(code.group())
            await asha.hear(picture("never fetched"))
        assert missing_faults(host) == [] or when == "before it is sent"
        delete_row()
        (tip,) = [row.id for row in place.rows(tables.tip)]
        opened = place.desk("sp").open(tip)
        assert (opened.gone, opened.lost, opened.pending) == (("1",), (), ())
        (fault,) = missing_faults(host)
        assert (fault.code, fault.text[-1]) == ("tips_missing", "1")


def photo(content: str, name: str) -> Media:
    """Return a file whose content its provider announced."""
    return Media(MediaRef(account="script:1", id=name, sha256=sha256(content.encode()).hexdigest()), "image")


async def test_the_same_content_under_another_id_is_one_file_of_a_tip_unless_the_first_was_lost(
    databases: Any, tmp_path: Path
) -> None:
    async with working_host_on(databases, tmp_path) as place:
        names = ("one", "two", "three", "four", "five", "six", "seven", "eight")
        place.channel.files.update(dict.fromkeys(names, b"plain words"))
        asha = place.tipster()
        await asha.walk(ANSWERS, "Send photo")
        for content, name in (("a", "one"), ("b", "two"), ("a", "three")):
            await asha.hear(photo(content, name), f"key of {name}")
        assert place.count("file") == 2
        place.host.services.write_now(lambda unit: unit.main.execute(update(tables.file).values(state="lost")))
        await asha.hear(photo("b", "four"))
        await asha.hear(photo("b", "five"))
        assert place.count("file") == 3
        await asha.walk_on({"so far": "done", **ANSWERS}, RECEIPT)
        code = CODE.search(asha.text)
        assert code
        await asha.say(code.group())
        for content, name in (("c", "six"), ("b", "seven"), ("c", "eight")):
            await asha.hear(photo(content, name))
        assert [row[1] for row in sorted(place.rows(tables.file))] == ["1", "2", "3", "4"]
        stored = b"".join(bytes(row.content) for row in place.rows(tables.file))
        assert not any(sha256(one).digest()[:16] in stored for one in (b"a", b"b", b"c"))


async def test_a_repeated_event_changes_nothing(databases: Any, tmp_path: Path) -> None:
    async with working_host_on(databases, tmp_path) as place:
        asha = place.tipster()
        first = await asha.hear(Text("Hi"), "wamid.1")
        again = await asha.hear(Text("Hi"), "wamid.1")
        assert not first.duplicate
        assert again.duplicate
        assert again.outgoing == []
        batch = Batch(inbound=[inbound("b", Text("Hi"), "wamid.2") for _ in range(2)])
        assert sorted(one.duplicate for one in await place.runtime.ingest.ingest(place.channel, batch)) == [False, True]
        assert place.count("seen") == 2


@pytest.mark.parametrize("days_ago", [0, 1, None])
async def test_an_event_repeated_on_a_later_day_changes_nothing(
    days_ago: int | None, databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    sent_at = None if days_ago is None else int(now) - days_ago * 86_400
    event = replace(inbound("asha", Text("Hi"), "wamid.1"), sent_at=sent_at)
    async with working_host_on(databases, tmp_path) as place:
        duplicates = []
        for later in (0, 1, 2):
            moved = SimpleNamespace(time=lambda later=later: now + later * 86_400)
            monkeypatch.setattr("satark.store.unit_of_work.time", moved)
            batch = Batch(inbound=[event, event])
            duplicates += [one.duplicate for one in await place.runtime.ingest.ingest(place.channel, batch)]
        assert sorted(duplicates) == [False, *[True] * 5]
        assert [day for _, day in place.rows(tables.seen)] == [int(now) // 86_400 - (days_ago or 0)]


async def test_decoy_rows_of_events_look_like_rows_of_events(databases: Any, tmp_path: Path) -> None:
    async with working_host_on(databases, tmp_path) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, RECEIPT)
        rows, came = place.rows(tables.seen), len(asha.results)
        assert (len(rows), came) == (32 + 1, 8), "filled up to 32, and the one that sent the tip"
        assert {(len(key), int.from_bytes(key[:2]) - day) for key, day in rows} == {(16, 0)}
        assert len({key[2:] for key, _ in rows}) == len({key[-8:] for key, _ in rows}) == len(rows)


async def test_an_event_that_always_fails_harms_no_other_and_may_be_resent(databases: Any, tmp_path: Path) -> None:
    async with working_host_on(databases, tmp_path) as place:
        others = [inbound(f"b{n}", Text("Hi")) for n in range(5)]
        batch = Batch(inbound=[*others, inbound("asha", Text("Hi"), "wamid.1")])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place.runtime.writer, "_grouped", _failing_at(place.runtime.writer._grouped, "wamid.1"))
            with pytest.raises(IngestFailed):
                await place.runtime.ingest.ingest(place.channel, batch)
        assert (place.count("conversation"), place.count("seen")) == (5, 5)
        assert b'satark_turn_failures_total{channel="script"} 1.0' in place.host.metrics.render()
        taken = await place.tipster("asha").hear(Text("Hi"), "wamid.1")
        assert not taken.duplicate


def _failing_at(turns: Any, event_key: str) -> Any:
    """Return turns that fail at the end if this event is among them."""

    def failing(unit: Any, items: Sequence[Any]) -> Sequence[Any]:
        results: Sequence[Any] = turns(unit, items)
        if any(item.inbound.event_key == event_key for item in items):
            raise RuntimeError("planted")
        return results

    return failing


async def test_a_changed_address_goes_on_with_the_same_conversation(databases: Any, tmp_path: Path) -> None:
    async with working_host_on(databases, tmp_path) as place:
        old = place.tipster("IN.old")
        await old.say("Hi", "English")
        taken = await place.tipster("IN.new").hear(Moved(), also=["IN.old"])
        assert taken.outgoing == []
        new = place.tipster("IN.new")
        assert "happening" in await new.say("Illegal arms")
        assert (place.count("conversation"), place.count("alias")) == (1, 2)
        await new.say("cancel")
        await new.say("erase it")
        assert (place.count("conversation"), place.count("alias")) == (0, 0)


async def test_words_held_after_a_receipt_are_named_when_the_next_tip_begins(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await asha.say("TIP lanka me ramesh daru bechta hai roz raat ko")
        await asha.say("ruko abhi koi aa gaya hai gadi UP65 AB 1234")
        assert "UP65" in asha.text
        await asha.say("TIP sigra me ganja bikta hai roz shaam ko")
        assert CODE.search(asha.text)
        assert "UP65" in asha.text


async def test_a_sender_with_two_addresses_is_one_conversation(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        await place.tipster("IN.1").hear(Text("Hi"), also=["9140112233"])
        await place.tipster("9140112233").say("English")
        assert place.count("conversation") == 1


async def test_a_changed_address_of_an_unknown_sender_leaves_no_conversation(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        await place.tipster("IN.new").hear(Moved(), also=["IN.old"])
        assert (place.count("conversation"), place.count("alias")) == (0, 0)


async def test_the_address_is_stored_nowhere_unencrypted(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster("9140112233")
        await place.receipt(asha)
        await asha.say("2")
        for table in tables.main.sorted_tables:
            assert "9140112233" not in repr(place.rows(table))


async def test_a_plugins_rows_are_committed_or_rolled_back_with_the_turn(tmp_path: Path) -> None:
    turns: list[Any] = []
    plugin = SimpleNamespace(
        satark_before_commit=hookimpl(lambda turn, uow: turns.append((turn, uow.day))),
        satark_render=hookimpl(lambda prompt: None),
    )
    async with working_host(tmp_path, plugin=plugin) as place:
        await place.tipster().say("Hi")
    assert len(turns) == 1


async def test_a_plugin_that_fails_to_add_its_rows_leaves_none_and_the_turn_is_stored(tmp_path: Path) -> None:
    def write_half(uow: UnitOfWork) -> None:
        uow.insert(tables.seen, [{"key": b"half", "day": uow.day}])
        raise ValueError("planted")

    async with working_host(tmp_path, plugin=SimpleNamespace(satark_before_commit=hookimpl(write_half))) as place:
        assert await place.tipster().say("Hi")
        assert b"half" not in [value for found in place.rows(tables.seen) for value in found]


async def test_a_plugin_that_never_ends_costs_one_transaction_and_no_turn(tmp_path: Path) -> None:
    gate, calls = threading.Event(), []

    def hang(uow: UnitOfWork) -> None:
        calls.append(uow)
        gate.wait()

    plugin = SimpleNamespace(satark_before_commit=hookimpl(hang))
    async with working_host(tmp_path, plugin=plugin) as place:
        assert await place.tipster().say("Hi")
        assert await place.tipster("ravi").say("Hi")
    gate.set()
    assert len(calls) == 1
