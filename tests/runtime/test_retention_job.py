"""The retention job of a running process: due tips are erased within an hour, and tipsters are told for a while."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.casework import Casework
from satark.retention.schedule import Term, store_term
from satark.roster.entries import desk_verifier
from satark.routing.desks import add_desk
from satark.settings.settings import Settings
from satark.store import tables
from satark_testing.waiting import until
from support.acts import respond
from support.scripted import ScriptedChannel, ScriptedSink, Tipster, scripted_host
from support.tipsters import ENGLISH

CODE = re.compile(r"\d{4} \d{4} \d{4} \d{4}")
ANSWERS = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}


@pytest.mark.slow("half a second of a processor")
async def test_a_due_tip_is_erased_and_its_tipster_learns_so_while_the_receipt_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = ScriptedChannel()
    host = scripted_host(Settings(data_dir=tmp_path), channel, [ScriptedSink("desk")])
    runtime = host.ingest_runtime
    assert runtime is not None
    async with host.running():
        await until(lambda: channel.opened)
        recipient, identity = new_identity()
        desk = Desk(name="sp", title="SP", level="district", area="", recipient=recipient)
        host.services.write_now(lambda unit: add_desk(unit, desk, verifier=desk_verifier(identity)))
        found = CODE.search(await Tipster(runtime, channel, "9140112233").walk(ANSWERS, CODE.pattern))
        assert found
        work = Casework(host.services, "sp", identity, officer="rao")
        respond(work, work.open(work.summaries()[0].header.number), status="ACTED", text="Thank you")
        assert await runtime.retention.run_once() == 0
        assert "Thank you" in await Tipster(runtime, channel, "a second phone").say(found.group())
        tip = work.summaries()[0].id
        monkeypatch.setattr("satark.retention.schedule.least_days", lambda _: 0)
        keys = work.open(tip).envelope.identity
        host.services.write_now(lambda unit: store_term(unit, tip, Term(due=unit.day), keys))
        assert await runtime.retention.run_once() == 1
        assert work.summaries() == []
        count = select(func.count()).select_from(tables.envelope)
        assert host.services.read_keys(lambda c: c.execute(count).scalar_one()) == 0
        told = await Tipster(runtime, channel, "a third phone").say(found.group())
        assert "has been erased for good" in told
        older = update(tables.receipt).values(erased=tables.receipt.c.erased - 181)
        host.services.write_now(lambda unit: unit.main.execute(older))
        await runtime.retention.run_once()
        unknown = await Tipster(runtime, channel, "a fourth phone").say("0000 0000 0000 0000")
        assert await Tipster(runtime, channel, "a fifth phone").say(found.group()) == unknown
