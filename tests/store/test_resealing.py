"""The end of an epoch: values in use are sealed again, and nobody can open the rest."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from satark.api.inbound import Media, MediaRef
from satark.api.outbound import Transient
from satark.identity.edge_key import BrokenSeal
from satark.store import conversations, tables
from satark_testing.waiting import until
from support.acts import respond
from support.scripted import ACCOUNT
from support.working_host import ANSWERS, RECEIPT, EpochHost, epoch_host_on

pytestmark = pytest.mark.slow("a host")

WAITING = select(tables.message.c.seq).where(~tables.message.c.notified)
"""Messages of which nobody was told yet."""


async def test_drafts_replies_and_files_go_on_under_the_next_epoch(databases: Any, tmp_path: Path) -> None:
    async with epoch_host_on(databases, tmp_path) as place:
        asha, bina = place.tipster("9140112233"), place.tipster("9140112244")
        await asha.walk(ANSWERS, RECEIPT)
        await asha.say("2")
        await bina.say("Hi", "English", "Illegal arms")
        place.channel.outcomes.extend([Transient("down")] * 2)
        place.channel.files["m1"] = ConnectionError("down")
        await bina.hear(Media(MediaRef(account=ACCOUNT, id="m1"), "image"))
        await until(lambda: any(row.attempts for row in place.rows(tables.file)))
        senders = lookups(place)
        assert place.sealed_under(place.identity.epochs.current().id) >= 5
        old = await place.epoch_later()
        assert place.sealed_under(old) == 0
        assert (len(senders), len(lookups(place)), senders & lookups(place)) == (2, 2, set())
        assert "the place" in await bina.say("Arms are sold outside the village")
        desk = place.desk("sp")
        respond(desk, desk.open(desk.summaries()[0].header.number), text="Thank you")
        await until(lambda: any(call.method == "news" for call, _ in place.channel.sent))
        await asha.say("forget")
        assert place.rows(tables.reach) == []


def lookups(place: EpochHost) -> set[bytes]:
    """Return the look-ups that lead from senders to conversations and reply handles."""
    found = [row.lookup for row in place.rows(tables.alias)]
    return {bytes(one) for one in (*found, *(row.sender for row in place.rows(tables.reach)))}


async def test_erased_and_cancelled_drafts_open_with_none_of_the_remaining_keys(databases: Any, tmp_path: Path) -> None:
    async with epoch_host_on(databases, tmp_path) as place:
        asha = place.tipster("9140112233")
        await asha.say("Hi", "English", "Illegal arms", "planted words")
        (row,) = place.rows(tables.conversation)
        (alias,) = place.rows(tables.alias)
        assert b"planted words" in place.identity.open_draft(row.id, row.draft)
        await asha.say("forget me", "yes")
        await place.epoch_later()
        for sealed, open_ in ((row.draft, place.identity.open_draft), (row.handle, None), (alias.sealed, None)):
            with pytest.raises(BrokenSeal):
                open_(row.id, sealed) if open_ else place.identity.open(sealed, row.id)


async def test_a_value_that_does_not_open_does_not_delay_the_end_of_an_epoch(databases: Any, tmp_path: Path) -> None:
    async with epoch_host_on(databases, tmp_path) as place:
        asha = place.tipster("9140112233")
        await asha.say("Hi", "English")
        epoch = place.identity.epochs.current().id
        spoil = tables.conversation.update().values(draft=epoch + b"?" * 60, handle=epoch + b"?" * 60)
        place.host.services.write_now(lambda unit: unit.main.execute(spoil))
        await place.epoch_later()
        assert [bytes(row.draft) for row in place.rows(tables.conversation)] == [b""]
        assert await asha.say("Hi")


async def test_an_address_that_ended_is_sealed_anew_for_nobody_whatever_its_row_says(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with epoch_host_on(databases, tmp_path) as place:
        asha = place.tipster("9140112233")
        await asha.walk(ANSWERS, RECEIPT)
        await asha.say("2")
        kept = tables.reach.update().values(expires_at=2**62)
        place.host.services.write_now(lambda unit: unit.main.execute(kept))
        await place.epoch_later()
        (row,) = place.rows(tables.reach)
        handle = place.identity.open_handle(row.handle, row.id)
        assert handle
        monkeypatch.setattr("satark.store.resealing.time", SimpleNamespace(time=lambda: float(handle.until)))
        await place.epoch_later()
        assert [bytes(row.handle) for row in place.rows(tables.reach)] == [b""]


async def test_an_address_that_was_forgotten_and_is_put_back_rings_no_phone_and_opens_for_nobody(
    databases: Any, tmp_path: Path
) -> None:
    async with epoch_host_on(databases, tmp_path) as place:
        asha = place.tipster("9140112233")
        await asha.walk(ANSWERS, RECEIPT)
        await asha.say("2")
        (row,) = place.rows(tables.reach)
        await asha.say("forget")
        back = tables.reach.insert().values(dict(row._mapping))
        place.host.services.write_now(lambda unit: unit.main.execute(back))
        desk = place.desk("sp")
        respond(desk, desk.open(desk.summaries()[0].header.number), text="Thank you")
        await until(lambda: place.host.services.read(lambda main: main.execute(WAITING).first()) is None)
        assert [call.method for call, _ in place.channel.sent if call.method == "news"] == []
        await place.epoch_later()
        assert [bytes(row.handle) for row in place.rows(tables.reach)] == [b""]


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_turn_whose_epoch_ends_before_its_commit_runs_again(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with epoch_host_on(databases, tmp_path) as place:
        asha = place.tipster("9140112233")
        await asha.say("Hi")
        write, under = conversations.write, list[bytes]()
        began = place.identity.epochs.next_epoch(int(time.time()) + 2)

        def held_up(unit: Any, rows: Any) -> None:
            write(unit, rows)
            if not under and rows:
                row = {"epoch": began.id, "machine": place.identity.epochs.file_id, "sealed": b""}
                place.host.services.write_now(lambda other: other.insert(tables.epoch_key, [row]))
                place.identity.epochs.add(began)
            under.extend(row["draft"][:4] for row in rows)

        monkeypatch.setattr(conversations, "write", held_up)
        await asha.say("English")
        assert under[0] != under[-1]
        drafts = [bytes(row.draft) for row in place.rows(tables.conversation)]
        assert any(place.identity.epochs.find(draft[:4]) for draft in drafts)
