"""From the webhook's events to tips, mailboxes and replies: everything real but the provider and the sinks."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from satark import hookimpl
from satark.api.channel import Batch, Media, MediaGone, MediaRef, Moved, Revoked, Text
from satark.api.desk import Desk
from satark.api.sealing import new_identity
from satark.casework import Casework
from satark.dialogue.engine import Engine
from satark.identity.epoch_keys import EpochKeys
from satark.ingest import mailbox
from satark.ingest.event import InboundEvent, TurnResult
from satark.ingest.ingest import IngestFailed
from satark.ingest.mailbox import CodeGuesses
from satark.outbox.file_notices import FileNotices
from satark.routing.desks import add_desk
from satark.runtime.host import Host
from satark.settings.core import Core
from satark.settings.settings import Settings
from satark.store import tables
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import StoreDown
from satark_testing.installation import ENGLISH
from satark_testing.waiting import until
from support.later import render_a_band_later
from support.scripted import (
    ACCOUNT,
    ScriptedChannel,
    ScriptedSink,
    Tipster,
    database_down,
    inbound,
    scripted_host,
)

CODE = re.compile(r"\d{4} \d{4} \d{4} \d{4}")
RECEIPT = CODE.pattern
ANSWERS = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}
WRONG = "0000 0000 0000 0000"


class Town:
    """A host at work, its channel, and two desks with their keys."""

    def __init__(self, host: Host, channel: ScriptedChannel) -> None:
        self.host, self.channel = host, channel
        assert host.ingest_runtime is not None
        self.runtime = host.ingest_runtime
        self.identities: dict[str, str] = {}

    def make_desk(self, name: str, level: Any) -> None:
        recipient, self.identities[name] = new_identity()
        desk = Desk(name=name, title=name, level=level, area="", recipient=recipient)
        self.host.services.write_now(lambda unit: add_desk(unit, desk))

    def desk(self, name: str) -> Casework:
        return Casework(self.host.services, name, self.identities[name])

    def tipster(self, address: str = "9140112233") -> Tipster:
        return Tipster(self.runtime, self.channel, address)

    def count(self, table: str) -> int:
        query = select(func.count()).select_from(getattr(tables, table))
        return self.host.services.read(lambda c: c.execute(query).scalar_one())

    def rows(self, table: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.host.services.read(lambda c: c.execute(select(table)).all())]

    async def receipt(self, tipster: Tipster) -> str:
        """Have a whole tip handed in; give its receipt code."""
        found = CODE.search(await tipster.walk(ANSWERS, RECEIPT))
        assert found
        return found.group()


@asynccontextmanager
async def town(folder: Path, plugin: object = None, **core: Any) -> AsyncIterator[Town]:
    channel = ScriptedChannel()
    host = scripted_host(Settings(data_dir=folder, **core), channel, [ScriptedSink("desk")], plugin=plugin)
    async with host.running():
        made = Town(host, channel)
        await until(lambda: channel.opened)
        for name, level in (("sp", "district"), ("dig", "range")):
            made.make_desk(name, level)
        yield made


@asynccontextmanager
async def town_on(databases: Any, folder: Path, **core: Any) -> AsyncIterator[Town]:
    async with town(folder, database_url=databases.main, keys_url=databases.keys, **core) as made:
        yield made


async def test_a_desk_asks_and_the_tipster_answers_through_the_mailbox(databases: Any, tmp_path: Path) -> None:
    async with town_on(databases, tmp_path) as place:
        asha = place.tipster()
        code = await place.receipt(asha)
        desk = place.desk("sp")
        tip = desk.open(desk.summaries()[0].header.number)
        desk.respond(tip, text="At what hour?", question=True)
        bina = place.tipster("another phone of hers")
        assert "At what hour?" in await bina.say(code)
        await bina.say("At nine in the evening")
        assert desk.open(tip.id).thread[-1].message.text == "At nine in the evening"
        assert "At what hour?" not in await place.tipster("a third").say(code), "it is answered"


async def test_a_flood_from_one_contact_delays_that_contact_alone(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        flooding, other, done = place.tipster("flood"), place.tipster("bina"), list[str]()

        async def say(tipster: Tipster) -> None:
            await tipster.say("Hi")
            done.append(tipster.address)

        flood = [asyncio.create_task(say(flooding)) for _ in range(600)]
        await asyncio.sleep(0)
        await say(other)
        assert done.index("bina") <= 2 * Core().sender_turns
        await asyncio.gather(*flood)
        assert len(done) == 601


async def test_a_batch_looks_at_the_epoch_keys_when_it_begins_and_before_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path) as place:
        await place.tipster().say("Hi")
        identity, looks = place.runtime.identity, list[int]()
        refresh = EpochKeys.refresh
        events = [InboundEvent(place.channel, inbound(f"91401122{n}", Text("Hi")), identity) for n in range(20)]

        def ingest(unit: UnitOfWork) -> None:
            place.runtime.writer._grouped(unit, events)  # type: ignore[misc]

        def counted(keys: EpochKeys) -> None:
            looks.append(threading.get_ident())
            refresh(keys)

        def in_a_thread_of_its_own() -> int:
            place.host.services.write_now(ingest)
            return threading.get_ident()

        monkeypatch.setattr(EpochKeys, "refresh", counted)
        with ThreadPoolExecutor(1) as pool:
            own = await asyncio.get_running_loop().run_in_executor(pool, in_a_thread_of_its_own)
        assert looks.count(own) == 2


async def test_what_reads_texts_is_built_at_the_first_message_but_in_no_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = list[str]()
    monkeypatch.setattr(Engine, "get_ready", lambda _engine: built.append(threading.current_thread().name))
    async with town(tmp_path) as place:
        assert not built, "a host at rest does without"
        await place.tipster().say("Hi", "1")
        await until(lambda: bool(built))
    assert len(built) == 1
    assert built[0] not in {threading.main_thread().name, "satark-writer"}


def picture(name: str) -> Media:
    return Media(MediaRef(account=ACCOUNT, id=name), "image")


async def test_a_file_for_a_sent_tip_takes_no_erased_files_place(databases: Any, tmp_path: Path) -> None:
    async with town_on(databases, tmp_path) as place:
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


async def test_two_phones_at_one_mailbox_lose_no_file(databases: Any, tmp_path: Path) -> None:
    async with town_on(databases, tmp_path) as place:
        place.channel.files.update(dict.fromkeys(("hers", "his"), b"plain words"))
        asha, bina = place.tipster(), place.tipster("another phone of hers")
        code = await place.receipt(asha)
        for phone in (asha, bina):
            await phone.say(code)
        for phone, name in ((asha, "hers"), (bina, "his")):
            await phone.hear(picture(name))
            assert "passed on" in phone.text
        assert [row[1] for row in sorted(place.rows(tables.file))] == ["1", "2"]


async def test_a_lost_file_is_told_once_with_the_next_question_or_in_the_mailbox(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileNotices, "_compose", lambda *_: [])  # a call, a browser: nobody is there to be told at once
    async with town_on(databases, tmp_path) as place:
        place.channel.files.update({"now": MediaGone(), "later": MediaGone()})
        asha = place.tipster()
        await asha.walk(ANSWERS, "Send photo")
        await asha.hear(picture("now"))
        await until(lambda: [row[-1] for row in place.rows(tables.file)] == ["notice: lost 0"])
        assert "did not reach us" in await asha.say("help")
        assert "did not reach us" not in await asha.say("help")
        found = CODE.search(await asha.walk_on({"so far": "done", **ANSWERS}, RECEIPT))
        assert found
        await asha.say(found.group())
        await asha.hear(picture("later"))
        await until(lambda: [row[-1] for row in sorted(place.rows(tables.file))] == ["", "notice: lost 0"])
        bina = place.tipster("another phone of hers")
        assert "did not reach us" in await bina.say(found.group())
        assert "did not reach us" not in await place.tipster("a third").say(found.group())


async def test_an_event_that_comes_again_changes_nothing(databases: Any, tmp_path: Path) -> None:
    async with town_on(databases, tmp_path) as place:
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
async def test_an_event_that_comes_again_on_a_later_day_changes_nothing(
    days_ago: int | None, databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    sent_at = None if days_ago is None else int(now) - days_ago * 86_400
    event = replace(inbound("asha", Text("Hi"), "wamid.1"), sent_at=sent_at)
    async with town_on(databases, tmp_path) as place:
        duplicates = []
        for later in (0, 1, 2):
            moved = SimpleNamespace(time=lambda later=later: now + later * 86_400)
            monkeypatch.setattr("satark.store.unit_of_work.time", moved)
            batch = Batch(inbound=[event, event])
            duplicates += [one.duplicate for one in await place.runtime.ingest.ingest(place.channel, batch)]
        assert sorted(duplicates) == [False, *[True] * 5]
        assert [day for _, day in place.rows(tables.seen)] == [int(now) // 86_400 - (days_ago or 0)]


async def test_events_that_never_came_look_like_those_that_came(databases: Any, tmp_path: Path) -> None:
    async with town_on(databases, tmp_path) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, RECEIPT)
        rows, came = place.rows(tables.seen), len(asha.results)
        assert len(rows) > came
        assert {(len(key), int.from_bytes(key[:2]) - day) for key, day in rows} == {(16, 0)}
        assert len({key[2:] for key, _ in rows}) == len({key[-8:] for key, _ in rows}) == len(rows)


async def test_a_poisonous_event_fails_alone_and_may_come_again(databases: Any, tmp_path: Path) -> None:
    async with town_on(databases, tmp_path) as place:
        others = [inbound(f"b{n}", Text("Hi")) for n in range(5)]
        batch = Batch(inbound=[*others, inbound("asha", Text("Hi"), "wamid.1")])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place.runtime.writer, "_grouped", _poisoned(place.runtime.writer._grouped, "wamid.1"))
            with pytest.raises(IngestFailed):
                await place.runtime.ingest.ingest(place.channel, batch)
        assert (place.count("conversation"), place.count("seen")) == (5, 5)
        assert b'satark_turn_failures_total{channel="script"} 1.0' in place.host.metrics.render()
        taken = await place.tipster("asha").hear(Text("Hi"), "wamid.1")
        assert not taken.duplicate


def _poisoned(turns: Any, event_key: str) -> Any:
    """Take turns as ever, but fail at the end where this event is among them."""

    def failing(unit: Any, items: Sequence[Any]) -> Sequence[Any]:
        results: Sequence[Any] = turns(unit, items)
        if any(item.inbound.event_key == event_key for item in items):
            raise RuntimeError("planted")
        return results

    return failing


async def test_a_flood_from_one_sender_gets_few_replies_and_starves_nobody(databases: Any, tmp_path: Path) -> None:
    async with town_on(databases, tmp_path) as place:
        flood = [inbound("asha", Text(f"message {n}")) for n in range(300)]
        taken = await place.runtime.ingest.ingest(place.channel, Batch(inbound=[*flood, inbound("bina", Text("Hi"))]))
        assert len(taken) == 301
        assert sum(len(one.outgoing) for one in taken[:-1]) <= 3
        assert len(taken[-1].outgoing) == 1
        await until(lambda: any(b'"bina"' in body for body in place.channel.bodies))


async def test_a_changed_address_goes_on_with_the_same_conversation(databases: Any, tmp_path: Path) -> None:
    async with town_on(databases, tmp_path) as place:
        old = place.tipster("IN.old")
        await old.say("Hi", "English")
        taken = await place.tipster("IN.new").hear(Moved(), also=["IN.old"])
        assert taken.outgoing == []
        new = place.tipster("IN.new")
        assert "happening" in await new.say("Illegal arms")
        assert (place.count("conversation"), place.count("alias")) == (1, 2)
        await new.say("cancel")
        await new.say("yes")
        assert (place.count("conversation"), place.count("alias")) == (0, 0)


async def test_a_sender_with_two_addresses_is_one_conversation(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        await place.tipster("IN.1").hear(Text("Hi"), also=["9140112233"])
        await place.tipster("9140112233").say("English")
        assert place.count("conversation") == 1


async def test_a_moved_stranger_leaves_no_conversation(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        await place.tipster("IN.new").hear(Moved(), also=["IN.old"])
        assert (place.count("conversation"), place.count("alias")) == (0, 0)


async def test_a_tip_makes_a_tip_its_envelopes_deliveries_and_a_receipt(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        asha = place.tipster()
        await place.receipt(asha)
        assert (place.count("tip"), place.count("receipt"), place.count("reach")) == (1, 1, 0)
        assert place.count("delivery") >= 1
        assert any(taken.submitted for taken in asha.results)
        line = b'satark_tips_total{channel="script"} 1.0'
        assert line not in place.host.metrics.render()
        assert line in render_a_band_later(place.host.metrics)


async def test_two_tips_that_find_no_receipt_ready_both_get_one(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        place.runtime._receipts._ready.clear()
        place.runtime._receipts.close()
        codes = {await place.receipt(place.tipster(name)) for name in ("asha", "bina")}
        assert len(codes) == 2
        assert place.count("tip") == 2


async def test_only_one_who_says_so_can_be_reached_and_forget_undoes_it(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        asha = place.tipster()
        await place.receipt(asha)
        assert place.count("reach") == 0
        await asha.say("yes")
        assert place.count("reach") == 1
        await asha.say("forget")
        assert (place.count("reach"), place.count("conversation")) == (0, 0)
        assert place.count("tip") == 1


async def test_wrong_and_unknown_codes_get_the_same_words_and_five_close_it(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        asha = place.tipster()
        await asha.say("Hi", "English")
        said = [await asha.say(code) for code in (WRONG, "1234 5678 9012 3456", WRONG, WRONG)]
        assert len(set(said)) == 1
        last = await asha.say(WRONG)
        assert last not in said
        assert sum(result.wrong_code for result in asha.results) == 5


async def test_too_many_wrong_codes_slow_everybody_down(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("satark.ingest.mailbox.time.monotonic", lambda: now[0])
    budget = CodeGuesses(60)
    for _ in range(60):
        budget.wrong()
    assert budget.delay() == 0
    budget.wrong()
    budget.wrong()
    assert budget.delay() == pytest.approx(2)
    for _ in range(100):
        budget.wrong()
    assert budget.delay() == mailbox.LONGEST_WAIT
    now[0] += 1000
    assert budget.delay() == 0


async def test_a_database_that_is_down_acknowledges_nothing(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        asha = place.tipster()
        with database_down(place.host.services), pytest.raises(StoreDown):
            await asha.hear(Text("Hi"), "wamid.1")
        taken = await asha.hear(Text("Hi"), "wamid.1")
        assert isinstance(taken, TurnResult)
        assert not taken.duplicate


async def test_a_draft_that_does_not_open_begins_anew(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        asha = place.tipster()
        await asha.say("Hi", "English")
        spoil = tables.conversation.update().values(draft=b"?" * 60)
        place.host.services.write_now(lambda unit: unit.main.execute(spoil))
        await asha.say("Hi")
        assert "Choose a language" in asha.text


async def test_the_address_stands_nowhere_in_clear(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        asha = place.tipster("9140112233")
        await place.receipt(asha)
        await asha.say("yes")
        for table in tables.main.sorted_tables:
            assert "9140112233" not in repr(place.rows(table))


async def test_a_plugins_rows_share_the_turns_fate(tmp_path: Path) -> None:
    turns: list[Any] = []
    plugin = SimpleNamespace(
        satark_before_commit=hookimpl(lambda turn, uow: turns.append((turn, uow.day))),
        satark_render=hookimpl(lambda prompt: None),
    )
    async with town(tmp_path, plugin=plugin) as place:
        await place.tipster().say("Hi")
    assert len(turns) == 1


def test_the_reply_names_its_addressee() -> None:
    channel = ScriptedChannel()
    call = channel.render(SimpleNamespace(text="x"), "script:1", inbound("asha", Text("")).senders[0])[0]  # type: ignore[arg-type]
    assert json.loads(call.body) == ["asha", "x"]
