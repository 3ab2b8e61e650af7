"""A person who writes rows of conversations, without a key, enters no other conversation and withdraws nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, update

from satark.identity.epoch_keys import DraftCounts
from satark.ingest.sessions import decode_session, encode_session
from satark.store import tables
from satark.store.tables import alias, conversation
from satark.store.unit_of_work import UnitOfWork
from support.acts import respond
from support.scripted import Tipster
from support.working_host import ANSWERS, WorkingHost, working_host, working_host_on

pytestmark = pytest.mark.slow("a host")

NO_FILE = -1
SECRET = "Arms are sold outside the village"
REVIEW = "Send this to the police"


def aliases(place: WorkingHost) -> dict[bytes, tuple[bytes, bytes]]:
    """Return look-up → conversation and sealed pseudonym."""
    return {bytes(row.lookup): (bytes(row.conversation), bytes(row.sealed)) for row in place.rows(alias)}


async def redirected(place: WorkingHost, *, sealed_too: bool) -> Tipster:
    """Have a stranger's phone begin a conversation, and make its row name an existing conversation."""
    before = aliases(place)
    (victim,) = before.values()
    stranger = place.tipster("910000000001")
    await stranger.say("Hi")
    (mine,) = aliases(place).keys() - before.keys()
    values = dict(zip(("conversation", "sealed"), victim, strict=True)) if sealed_too else {"conversation": victim[0]}
    changed = update(alias).where(alias.c.lookup == mine).values(**values)
    place.host.services.write_now(lambda unit: unit.main.execute(changed))
    return stranger


@pytest.mark.parametrize("sealed_too", [False, True])
async def test_a_phone_whose_row_names_anothers_conversation_neither_reads_nor_writes_there(
    databases: Any, tmp_path: Path, *, sealed_too: bool
) -> None:
    async with working_host_on(databases, tmp_path) as place:
        victim = place.tipster()
        await victim.walk(ANSWERS, REVIEW)
        assert SECRET in victim.text
        stranger = await redirected(place, sealed_too=sealed_too)
        heard = [await stranger.say(text) for text in ("hello", "No", "Yes, send")]
        assert not any(SECRET in text or "Tip no" in text for text in heard)
        assert len(aliases(place)) == 2, "the row was replaced by one of the stranger's own"
        assert "Tip no" in await victim.say("Yes, send")


async def test_a_phone_whose_row_names_an_open_mailbox_neither_reads_nor_answers(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        victim = place.tipster()
        code = await place.receipt(victim)
        await victim.say("No")
        work = place.desk("dig")
        tip = work.open(work.summaries()[0].id)
        respond(work, tip, text="Which house is it?", question=True)
        assert "Which house" in await victim.say(f"status {code}")
        stranger = await redirected(place, sealed_too=False)
        heard = [await stranger.say(text) for text in ("help", "1", "Nobody. I made it all up.")]
        assert not any("Which house" in text for text in heard)
        assert [part.message.text for part in work.open(tip.id).thread] == ["Which house is it?"]


async def test_a_draft_restored_to_a_state_before_its_sending_is_not_sent(databases: Any, tmp_path: Path) -> None:
    async with working_host_on(databases, tmp_path) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, REVIEW)
        (before,) = place.rows(conversation)
        await asha.say("Keep it from the SP, the SP himself takes money from them")
        await asha.walk_on({"Whom do you suspect": "The SP's office", "Which officer": "skip"}, REVIEW)
        assert "The SP's office" in asha.text
        put_back(place, before)
        said = await asha.say("Yes, send")
        assert place.count("tip") == 0
        assert "erased" in said
        await asha.walk_on({**ANSWERS, "Whom do you suspect": "The SP's office"}, "Tip no")
        assert place.count("tip") == 1


@pytest.mark.parametrize("answer", ["No", "cancel"])
async def test_a_draft_of_one_answer_before_is_put_back_in_vain(tmp_path: Path, answer: str) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, REVIEW)
        (before,) = place.rows(conversation)
        await asha.say(answer)
        put_back(place, before)
        await asha.say("Yes, send")
        assert place.count("tip") == 0


async def test_a_conversation_that_ended_is_put_back_in_vain(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, REVIEW)
        (before,), (lookup,) = place.rows(conversation), place.rows(alias)
        await asha.say("delete", "Yes, erase")
        assert place.count("conversation") == 0
        insert_again(place, before, lookup)
        assert SECRET not in await asha.say("Yes, send")
        assert place.count("tip") == 0


async def test_a_draft_that_an_earlier_version_stored_continues(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, REVIEW)
        (row,), identity = place.rows(conversation), place.runtime.identity
        session = decode_session(identity.open_draft(row.id, row.draft))
        assert session.writes
        earlier = identity.seal_draft(row.id, encode_session(replace(session, writes=0)))
        put_back(place, row, draft=earlier)
        vars(identity.epochs)["drafts"] = DraftCounts(NO_FILE)
        assert "Tip no" in await asha.say("Yes, send")


async def test_a_draft_of_an_earlier_version_is_put_in_a_newer_ones_place_in_vain(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, REVIEW)
        (row,), identity = place.rows(conversation), place.runtime.identity
        session = decode_session(identity.open_draft(row.id, row.draft))
        put_back(place, row, draft=identity.seal_draft(row.id, encode_session(replace(session, writes=0))))
        assert "erased" in await asha.say("Yes, send")
        assert place.count("tip") == 0


async def test_the_restored_draft_of_a_sent_tip_expires_without_touching_the_tips_files(
    tmp_path: Path,
) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, REVIEW)
        (before,) = place.rows(conversation)
        tip = decode_session(place.runtime.identity.open_draft(before.id, before.draft)).tip
        await asha.say("Yes, send")
        file: dict[str, object] = {
            "tip": tip,
            "ordinal": "1",
            "state": "sealed",
            "record": b"",
            "job": b"",
            "reason": "",
        }
        file = {**file, "attempts": 0, "due_at": 0}
        place.host.services.write_now(lambda unit: unit.insert(tables.file, [file]))
        put_back(place, before, due=b"", ends_by=0)
        assert await expire(place) == []
        assert place.count("file") == 1


async def test_a_draft_that_expired_is_put_back_in_vain(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, REVIEW)
        (before,), (lookup,) = place.rows(conversation), place.rows(alias)
        put_back(place, before, due=b"", ends_by=0)
        await expire(place)
        place.host.services.write_now(lambda unit: unit.main.execute(delete(conversation)))
        place.host.services.write_now(lambda unit: unit.main.execute(delete(alias)))
        insert_again(place, before, lookup)
        assert SECRET not in await asha.say("Yes, send")
        assert place.count("tip") == 0


async def expire(place: WorkingHost) -> list[str]:
    """Make due rows expire, as the job does; return the names of the files that it would delete."""
    jobs, names = place.runtime._jobs, list[str]()
    jobs.erased = names.extend
    await jobs._work_on_due()
    return names


def put_back(place: WorkingHost, row: Any, **others: object) -> None:
    changed = update(conversation).where(conversation.c.id == row.id).values({**row._mapping, **others})
    place.host.services.write_now(lambda unit: unit.main.execute(changed))


def insert_again(place: WorkingHost, row: Any, lookup: Any) -> None:
    def write(unit: UnitOfWork) -> None:
        for table, one in ((conversation, row), (alias, lookup)):
            unit.insert(table, [dict(one._mapping)])

    place.host.services.write_now(write)
