"""A power cut loses drafts with their files, and nothing of a submitted tip."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from satark.api.sealing import CantOpen, new_identity, open_as
from satark.api.settings import SettingsError
from satark.casework import Casework
from satark.custody import log, lost_drafts
from satark.custody.chain import LogEntry
from satark.identity import epoch_keys
from satark.identity.edge_key import Identity
from satark.roster.entries import Entry, KeyChange
from satark.routing.desks import change_key
from satark.runtime import compose
from satark.settings.settings import Settings
from satark.store import canaries, tables
from satark.store.epochs import Epochs
from satark.store.unit_of_work import UnitOfWork
from satark_testing.waiting import until
from support.desks import SeededDesk
from support.scripted import ScriptedChannel, ScriptedSink, scripted_host
from support.store import fresh_services
from support.tips import seed_file_state, seed_tip
from support.working_host import WorkingHost, picture, working_host_on

LOST = "it may be lost"


def cut_power(folder: Path, monkeypatch: pytest.MonkeyPatch, *, machine: bytes = b"") -> None:
    """Empty the machine's memory. The power returns to this machine, or to `machine`."""
    Settings(data_dir=folder).epoch_key_file.unlink()
    here = epoch_keys._power()
    power = (machine or here[:4]) + os.urandom(4)
    monkeypatch.setattr(epoch_keys, "_power", lambda: power)


@asynccontextmanager
async def started_again(databases: Any, folder: Path) -> AsyncIterator[WorkingHost]:
    """Start the host again on the same databases."""
    settings = Settings(data_dir=folder, database_url=databases.main, keys_url=databases.keys)
    channel = ScriptedChannel()
    host = scripted_host(settings, channel, [ScriptedSink("desk")])
    async with host.running():
        yield WorkingHost(host, channel)


async def a_draft_with_a_file(place: WorkingHost) -> None:
    mina = place.tipster("9140000001")
    place.channel.files["photo"] = b"a photo"
    await mina.say("Hi", "English")
    await mina.hear(picture("photo"))
    await until(lambda: [row for row in place.rows(tables.file) if row.state == "sealed"])


@pytest.mark.slow("a file is cleaned")
async def test_drafts_are_lost_with_their_files_and_submitted_tips_stay(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working_host_on(databases, tmp_path) as place:
        await place.receipt(place.tipster())
        await a_draft_with_a_file(place)
        identities = place.identities
    cut_power(tmp_path, monkeypatch)
    async with started_again(databases, tmp_path) as place:
        assert [place.count(table) for table in ("conversation", "alias", "file", "outbox")] == [0] * 4
        assert not [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
        place.identities.update(identities)
        assert len(place.desk("sp").summaries()) == 1


@pytest.mark.slow("a third of a second of a processor")
async def test_new_conversations_tell_of_lost_drafts_for_a_day(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working_host_on(databases, tmp_path) as place:
        await place.tipster().say("Hi", "English")
    cut_power(tmp_path, monkeypatch)
    async with started_again(databases, tmp_path) as place:
        assert LOST in await place.tipster().say("Arms are sold at Lanka")
        place.runtime.identity.epochs._clock = lambda: 0.0
        place.runtime.identity.epochs.note_loss()
        assert LOST not in await place.tipster("9140000002").say("Hi")


@pytest.mark.slow("five starts")
async def test_the_first_of_two_power_cuts_in_a_short_time_is_still_told(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working_host_on(databases, tmp_path) as place:
        await place.tipster().say("Hi", "English")
    for _ in range(2):
        cut_power(tmp_path, monkeypatch)
        async with started_again(databases, tmp_path):
            pass
    async with started_again(databases, tmp_path) as place:
        assert LOST in await place.tipster().say("Hi")


@pytest.mark.slow("several starts")
async def test_a_sender_who_lost_nothing_hears_of_no_loss(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working_host_on(databases, tmp_path) as place:
        id_ = place.runtime.identity.epochs.file_id
    long_ago = id_[:8] + bytes(4) + id_[12:]

    def age(unit: UnitOfWork) -> None:
        unit.main.execute(tables.epoch_key.update().values(machine=long_ago))
        unit.main.execute(tables.epoch_machine.update().values(id=long_ago))

    place.host.services.write_now(age)
    place.host.services.close()
    cut_power(tmp_path, monkeypatch)
    async with started_again(databases, tmp_path) as place:
        assert LOST not in await place.tipster().say("Hi")


@pytest.mark.slow("several starts")
async def test_another_machine_never_gives_up_the_drafts_of_this_one(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working_host_on(databases, tmp_path) as place:
        await place.tipster().say("Hi", "English")
    keys = Settings(data_dir=tmp_path).epoch_key_file
    kept = keys.read_bytes()
    cut_power(tmp_path, monkeypatch, machine=b"else")
    monkeypatch.setattr(compose, "JOIN_SECONDS", 0.0)
    with pytest.raises(SettingsError, match="no other machine gives them"):
        async with started_again(databases, tmp_path):
            pass
    keys.write_bytes(kept)
    async with started_again(databases, tmp_path) as place:
        assert place.count("conversation") == 1


@pytest.mark.slow("several starts")
async def test_processes_that_start_at_once_give_up_the_drafts_once(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working_host_on(databases, tmp_path) as place:
        await place.tipster().say("Hi", "English")
    services, settings = place.host.services, place.host.settings
    cut_power(tmp_path, monkeypatch)
    given_up: list[int] = []
    forget = canaries.forget_drafts

    def counted(*arguments: Any) -> int:
        given_up.append(forget(*arguments))
        return given_up[-1]

    monkeypatch.setattr(canaries, "forget_drafts", counted)
    identities = [compose.load_identity(settings) for _ in range(4)]
    epochs = [Epochs(one, services.main, services.keys, services.roster) for one in identities]
    await asyncio.gather(*(asyncio.to_thread(compose.join_epochs, one, services) for one in epochs))
    assert given_up == [1]
    assert {bytes(row.machine) for row in place.rows(tables.epoch_key)} == {identities[0].epochs.file_id}
    assert len({one.epochs.current() for one in identities}) == 1
    services.close()


def test_the_loss_of_a_file_is_logged_only_for_its_tips_newest_key(tmp_path: Path) -> None:
    services = fresh_services(tmp_path)
    sp, (_, new) = SeededDesk(services, "sp"), new_identity()
    seeded = seed_tip(services, [sp.desk], evidence=("1",))
    seed_file_state(services, seeded, "1", "due")
    entry = Entry(body=KeyChange.of("sp", sp.identity, new))
    services.write_now(lambda unit: change_key(unit, services.roster, entry, sp.identity, new))
    services.write_now(lambda unit: lost_drafts.give_up_drafts(unit, Identity(b"k" * 32)))
    ((_, _, sealed),) = services.read(lambda c: list(log.sealed_entries(c, seeded.id)))
    with pytest.raises(CantOpen):
        open_as(LogEntry, sealed, seeded.identity)
    newest = Casework(services, "sp", new).open(seeded.id).envelope.identity.split()[0]
    assert open_as(LogEntry, sealed, newest).action == "lost"


def test_a_sent_tips_files_stay_while_somebody_hides_its_row(tmp_path: Path) -> None:
    services = fresh_services(tmp_path)
    sp = SeededDesk(services, "sp")
    seed_file_state(services, seed_tip(services, [sp.desk], evidence=("1",)), "1", "due")
    services.write_now(lambda unit: unit.main.execute(delete(tables.tip)))
    assert services.write_now(lambda unit: lost_drafts.give_up_drafts(unit, Identity(b"k" * 32))) == (0, [])
    assert services.read(lambda c: c.execute(select(tables.file.c.ordinal)).scalars().all()) == ["1"]
