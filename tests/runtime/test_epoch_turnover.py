"""The end of an epoch: what is wanted goes on, what is not is beyond everybody's reach."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from satark.api.channel import Media, MediaRef
from satark.api.desk import Desk
from satark.api.sealing import new_identity
from satark.api.send_result import Transient
from satark.casework import Casework
from satark.identity.edge_key import BrokenSeal
from satark.identity.epoch_keys import LONGEST_GRACE, EpochKeys
from satark.routing.desks import add_desk
from satark.runtime.host import Host
from satark.settings.settings import Settings, SettingsError
from satark.store import conversations, tables
from satark.store.resealing import count_sealed
from satark_testing.installation import ENGLISH
from satark_testing.waiting import until
from support.scripted import ACCOUNT, ScriptedChannel, ScriptedSink, Tipster, scripted_host

ANSWERS = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}
RECEIPT = r"\d{4} \d{4} \d{4} \d{4}"
EPOCH = 3600


class Place:
    """A host at work with a clock for its epochs."""

    def __init__(self, host: Host, channel: ScriptedChannel, desk: str) -> None:
        assert host.ingest_runtime
        self.host, self.channel, self.desk = host, channel, desk
        self.identity = host.ingest_runtime.identity
        self._ahead = 0.0
        self.identity.epochs._clock = lambda: time.time() + self._ahead

    def tipster(self, address: str) -> Tipster:
        assert self.host.ingest_runtime
        return Tipster(self.host.ingest_runtime, self.channel, address)

    async def epoch_later(self) -> bytes:
        """Wait until the epoch that is now current is destroyed; return its id."""
        old = self.identity.epochs.current().id
        self._ahead += EPOCH + LONGEST_GRACE
        await until(lambda: self.identity.epochs.find(old) is None)
        return old

    def rows(self, table: Any) -> list[Any]:
        return list(self.host.services.read(lambda c: c.execute(select(table)).all()))

    def sealed_under(self, epoch: bytes) -> int:
        return self.host.services.read(lambda c: count_sealed(c, [epoch]))


@asynccontextmanager
async def place_on(databases: Any, folder: Path) -> AsyncIterator[Place]:
    channel = ScriptedChannel()
    settings = Settings(data_dir=folder, database_url=databases.main, keys_url=databases.keys)
    host = scripted_host(settings, channel, [ScriptedSink("desk")])
    async with host.running():
        await until(lambda: channel.opened)
        recipient, identity = new_identity()
        for name, level in (("sp", "district"), ("dig", "range")):
            desk = Desk(name=name, title=name, level=level, area="", recipient=recipient)  # type: ignore[arg-type]
            host.services.write_now(lambda unit, desk=desk: add_desk(unit, desk))  # type: ignore[misc]
        yield Place(host, channel, identity)


async def test_whatever_is_under_way_goes_on_under_the_next_epoch(databases: Any, tmp_path: Path) -> None:
    async with place_on(databases, tmp_path) as place:
        asha, bina = place.tipster("9140112233"), place.tipster("9140112244")
        await asha.walk(ANSWERS, RECEIPT)
        await asha.say("yes")
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
        desk = Casework(place.host.services, "sp", place.desk)
        desk.respond(desk.open(desk.summaries()[0].header.number), text="Thank you")
        await until(lambda: any(call.method == "news" for call, _ in place.channel.sent))
        await asha.say("forget")
        assert place.rows(tables.reach) == []


def lookups(place: Place) -> set[bytes]:
    """Return what leads from senders to conversations and to reply handles."""
    found = [row.lookup for row in place.rows(tables.alias)]
    return {bytes(one) for one in (*found, *(row.sender for row in place.rows(tables.reach)))}


async def test_what_was_given_up_opens_no_more_with_every_key_that_is_left(databases: Any, tmp_path: Path) -> None:
    async with place_on(databases, tmp_path) as place:
        asha = place.tipster("9140112233")
        await asha.say("Hi", "English", "Illegal arms", "planted words")
        (row,) = place.rows(tables.conversation)
        (alias,) = place.rows(tables.alias)
        assert b"planted words" in place.identity.open_draft(row.id, row.draft)
        await asha.say("forget", "yes")
        await place.epoch_later()
        for sealed, open_ in ((row.draft, place.identity.open_draft), (row.handle, None), (alias.sealed, None)):
            with pytest.raises(BrokenSeal):
                open_(row.id, sealed) if open_ else place.identity.open(sealed, row.id)


async def test_a_value_that_does_not_open_holds_up_no_end(databases: Any, tmp_path: Path) -> None:
    async with place_on(databases, tmp_path) as place:
        asha = place.tipster("9140112233")
        await asha.say("Hi", "English")
        epoch = place.identity.epochs.current().id
        spoil = tables.conversation.update().values(draft=epoch + b"?" * 60, handle=epoch + b"?" * 60)
        place.host.services.write_now(lambda unit: unit.main.execute(spoil))
        await place.epoch_later()
        assert [bytes(row.draft) for row in place.rows(tables.conversation)] == [b""]
        assert await asha.say("Hi")


async def test_a_turn_that_is_held_up_until_its_epoch_is_destroyed_runs_again(
    databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place_on(databases, tmp_path) as place:
        asha = place.tipster("9140112233")
        await asha.say("Hi")
        write, destroyed = conversations.write, list[bytes]()
        another = EpochKeys.load(tmp_path / "epoch.keys", EPOCH)

        def held_up(unit: Any, rows: Any) -> None:
            write(unit, rows)
            if not destroyed and rows:
                destroyed.append(rows[0]["draft"][:4])
                another.destroy(destroyed)

        monkeypatch.setattr(conversations, "write", held_up)
        await asha.say("English")
        assert destroyed
        drafts = [bytes(row.draft) for row in place.rows(tables.conversation)]
        assert any(place.identity.epochs.find(draft[:4]) for draft in drafts)


async def test_another_hosts_epoch_keys_are_refused_until_the_drafts_are_given_up(
    databases: Any, tmp_path: Path
) -> None:
    async with place_on(databases, tmp_path) as place:
        await place.tipster("9140112233").say("Hi", "English")
    (tmp_path / "epoch.keys").unlink()
    EpochKeys.load(tmp_path / "epoch.keys", EPOCH)
    with pytest.raises(SettingsError, match="forget-drafts"):
        async with place_on(databases, tmp_path):
            pass


async def test_another_edge_key_is_refused(databases: Any, tmp_path: Path) -> None:
    async with place_on(databases, tmp_path):
        pass
    (tmp_path / "edge.key").write_bytes(b"k" * 32)
    with pytest.raises(SettingsError, match="not the edge key"):
        async with place_on(databases, tmp_path):
            pass
