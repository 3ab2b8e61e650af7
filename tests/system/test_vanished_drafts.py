"""A person who writes rows of conversations makes a draft vanish, and its tipster is told that it may be lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from satark.identity.epoch_keys import DraftCounts
from satark.ingest.ingest import IngestFailed
from satark.outbox.outbox import Outbox
from satark.store.tables import alias, conversation
from support.working_host import ANSWERS, EpochHost, WorkingHost, working_host, working_host_on

pytestmark = pytest.mark.slow("a host")

LOST = "it may be lost"
SECRET = "Arms are sold outside the village"
VANISH = {
    "deleted": (delete(conversation), delete(alias)),
    "only its draft deleted": (delete(conversation),),
    "only its sender deleted": (delete(alias),),
    "draft altered": (update(conversation).values(draft=b"x"),),
    "sender altered": (update(alias).values(sealed=b"x"),),
}


def write(place: WorkingHost, *statements: Any) -> None:
    place.host.services.write_now(lambda unit: [unit.main.execute(one) for one in statements])


@pytest.mark.parametrize("how", VANISH)
async def test_a_tipster_whose_draft_somebody_makes_vanish_is_told_once(tmp_path: Path, how: str) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, "Send this to the police")
        write(place, *VANISH[how])
        said = await asha.say("Yes, send")
        assert LOST in said
        assert SECRET not in said
        assert LOST not in await asha.say("Hi")
        assert LOST not in await place.tipster("9140000002").say("Hi"), "a stranger lost nothing"


async def test_a_draft_that_vanishes_after_its_epoch_ended_is_missed_too(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        later = EpochHost(place.host, place.channel)
        await later.tipster().say("Hi", "English")
        await later.epoch_later()
        write(later, *VANISH["deleted"])
        assert LOST in await later.tipster().say("Hi")


async def erased(place: WorkingHost) -> None:
    await place.tipster().say("delete", "Yes, erase")


async def expired(place: WorkingHost) -> None:
    write(place, update(conversation).values(due=b"", ends_by=0))
    for _ in range(2):  # what remains of a draft expires too
        await place.runtime._jobs._work_on_due()
        write(place, update(conversation).values(due=b"", ends_by=0))
    assert not place.rows(alias)


async def erased_an_epoch_later(place: WorkingHost) -> None:
    later = EpochHost(place.host, place.channel)
    await later.epoch_later()
    await erased(later)


@pytest.mark.parametrize("end", [erased, expired, erased_an_epoch_later])
async def test_nothing_tells_later_that_there_was_a_draft_which_ended(
    tmp_path: Path, end: Callable[[WorkingHost], Any]
) -> None:
    async with working_host(tmp_path) as place:
        await place.tipster().walk(ANSWERS, "Send this to the police")
        await end(place)
        assert place.count("conversation") == 0
        assert LOST not in await place.tipster().say("Hi")


async def test_a_first_message_whose_transaction_failed_begins_a_conversation_that_misses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working_host(tmp_path) as place:
        with monkeypatch.context() as failing:
            failing.setattr(Outbox, "add", lambda *_: 1 / 0)
            with pytest.raises(IngestFailed):
                await place.tipster().say("Hi")
        assert LOST not in await place.tipster().say("Hi")


@pytest.mark.parametrize("machines", [0, 1, 2])
async def test_only_a_machine_that_is_known_to_be_the_only_one_misses_a_draft(
    databases: Any, tmp_path: Path, machines: int
) -> None:
    async with working_host_on(databases, tmp_path, machines=machines) as place:
        await place.tipster().say("Hi", "English")
        write(place, *VANISH["deleted"])
        is_one = machines == 1 or place.host.services.main.dialect.name == "sqlite"
        assert (LOST in await place.tipster().say("Hi")) == is_one


async def test_counts_of_one_process_alone_miss_nobody(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        vars(place.runtime.identity.epochs)["drafts"] = DraftCounts(-1)
        await place.tipster().say("Hi", "English")
        write(place, *VANISH["deleted"])
        assert LOST not in await place.tipster().say("Hi"), "another process may have ended it"
