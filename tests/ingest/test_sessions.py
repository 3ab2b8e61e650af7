"""Drafts that this process cannot read are left alone or begun anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from satark.api.inbound import Address, Text
from satark.dialogue.engine import Engine
from satark.dialogue.flow.definition import FlowError, FlowProblem
from satark.ingest.ingest import IngestFailed
from satark.ingest.sessions import FORMAT
from satark.runtime.host import Host
from satark.settings.settings import Settings
from satark.store import tables
from support.scripted import ACCOUNT, ScriptedChannel, Tipster, scripted_host
from support.working_host import working_host

pytestmark = pytest.mark.slow("a host")


async def test_a_draft_that_does_not_open_is_replaced_by_a_new_one(tmp_path: Path) -> None:
    async with working_host(tmp_path) as place:
        asha = place.tipster()
        await asha.say("Hi", "English")
        spoil = tables.conversation.update().values(draft=b"?" * 60)
        place.host.services.write_now(lambda unit: unit.main.execute(spoil))
        await asha.say("Hi")
        assert "Choose a language" in asha.text


STORY = "Arms are sold behind the brick kiln."


NEWER = bytes([FORMAT + 1])


class Older:
    """A host of the older version with a tipster, who told a story."""

    def __init__(self, host: Host, channel: ScriptedChannel) -> None:
        assert host.ingest_runtime is not None
        self.host, self.runtime = host, host.ingest_runtime
        self.tipster = Tipster(self.runtime, channel)

    def change(self, rewrite: Callable[[bytes], bytes]) -> None:
        """Change the one stored session, as the newer version does."""
        table, identity = tables.conversation, self.runtime.identity
        row = self.host.services.read(lambda found: found.execute(select(table.c.id, table.c.draft)).one())
        sealed = identity.seal_draft(row.id, rewrite(identity.open_draft(row.id, row.draft)))
        self.host.services.write_now(lambda unit: unit.main.execute(update(table).values(draft=sealed)))


@pytest.fixture
async def older(tmp_path: Path) -> AsyncIterator[Older]:
    channel = ScriptedChannel()
    async with (host := scripted_host(Settings(data_dir=tmp_path), channel)).running():
        made = Older(host, channel)
        await made.tipster.say("Hi", "English", "Illegal arms", STORY)
        yield made


async def test_a_message_to_a_newer_versions_session_is_refused_until_resent_to_that_version(
    older: Older,
) -> None:
    older.change(lambda session: NEWER + session)
    with pytest.raises(IngestFailed):
        await older.tipster.hear(Text("Lanka"), "wamid.1")
    older.change(lambda session: session.removeprefix(NEWER))  # this process has the newer version now
    taken = await older.tipster.hear(Text("Lanka"), "wamid.1")
    assert not taken.duplicate
    assert "Is a police officer involved" in older.tipster.text, "the story is there: the place was the answer"


async def test_a_message_to_a_session_whose_flow_cant_be_built_is_refused(older: Older) -> None:
    older.runtime._flows._engines.clear()

    def build(_canonical: bytes) -> Engine:
        raise FlowError([FlowProblem(text="the type 'a-newer-type' is not known")])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(older.runtime._flows, "_build", build)
        with pytest.raises(IngestFailed):
            await older.tipster.hear(Text("Lanka"), "wamid.1")
    assert not (await older.tipster.hear(Text("Lanka"), "wamid.1")).duplicate


async def test_the_form_says_try_again_if_a_newer_version_wrote_the_draft(older: Older) -> None:
    older.change(lambda session: NEWER + session)
    with pytest.raises(SQLAlchemyError, match="newer version"):
        await older.runtime.drafts.look(ACCOUNT, Address(older.tipster.address))


async def test_a_due_session_of_a_newer_version_is_left_to_that_version(older: Older) -> None:
    older.change(lambda session: NEWER + session)
    jobs, table = older.runtime._jobs, tables.conversation
    due = dict(older.host.services.read(lambda found: found.execute(select(table.c.id, table.c.due)).all()))
    ended, names = older.host.services.write_now(lambda unit: jobs.expire(unit, due))
    left = older.host.services.read(lambda found: found.execute(select(table)).all())
    assert (ended, names, len(left)) == ([], [], 1)
