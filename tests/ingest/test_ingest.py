"""From the webhook's events to tips, mailboxes and replies: everything real but the provider and the sinks."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from satark.api.inbound import Batch, Text
from satark.dialogue.engine import Engine
from satark.identity.epoch_keys import EpochKeys
from satark.ingest.event import InboundEvent, TurnResult
from satark.settings.core import Core
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import StoreDown
from satark_testing.waiting import until
from support.scripted import (
    ScriptedChannel,
    Tipster,
    database_down,
    inbound,
)
from support.working_host import working_host, working_host_on

pytestmark = pytest.mark.slow("a host")


async def test_a_flood_from_one_contact_delays_only_that_contact(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
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


async def test_a_batch_looks_at_the_epoch_keys_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with working_host(tmp_path) as place:
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
        assert looks.count(own) == 1


async def test_the_text_reader_is_built_at_the_first_message_outside_any_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = list[str]()
    monkeypatch.setattr(Engine, "get_ready", lambda _engine: built.append(threading.current_thread().name))
    async with working_host(tmp_path) as place:
        assert not built, "a host at rest does without"
        await place.tipster().say("Hi", "1")
        await until(lambda: bool(built))
    assert len(built) == 1
    assert built[0] not in {threading.main_thread().name, "satark-writer"}


async def test_a_flood_from_one_sender_gets_few_replies_and_starves_nobody(databases: Any, tmp_path: Path) -> None:
    async with working_host_on(databases, tmp_path) as place:
        flood = [inbound("asha", Text(f"message {n}")) for n in range(2000, 2300)]  # no number of a helpline
        taken = await place.runtime.ingest.ingest(place.channel, Batch(inbound=[*flood, inbound("bina", Text("Hi"))]))
        assert len(taken) == 301
        assert sum(len(one.outgoing) for one in taken[:-1]) <= 3
        assert len(taken[-1].outgoing) == 1
        await until(lambda: any(b'"bina"' in body for body in place.channel.bodies))


async def test_no_event_is_acknowledged_while_the_database_is_down(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        with database_down(place.host.services), pytest.raises(StoreDown):
            await asha.hear(Text("Hi"), "wamid.1")
        taken = await asha.hear(Text("Hi"), "wamid.1")
        assert isinstance(taken, TurnResult)
        assert not taken.duplicate


def test_the_reply_names_its_addressee() -> None:
    channel = ScriptedChannel()
    call = channel.render(SimpleNamespace(text="x"), "script:1", inbound("asha", Text("")).senders[0])[0]  # type: ignore[arg-type]
    assert json.loads(call.body) == ["asha", "x"]
