"""A change of the edge key: sessions, replies and receipts go on, and the old key opens nothing any more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.api.settings import SettingsError
from satark.identity.edge_key import Identity
from satark.routing.desks import add_desk
from satark.settings.settings import Settings
from satark_testing.commands import run
from support.scripted import ScriptedChannel, Tipster, scripted_host
from support.tipsters import ENGLISH

ANSWERS = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}
RECEIPT = r"\d{4} \d{4} \d{4} \d{4}"


@pytest.mark.slow("a process")
async def test_sessions_and_receipts_go_on_and_nothing_is_taken_twice(data: Path) -> None:
    settings = Settings(data_dir=data)
    channel = ScriptedChannel()
    host = scripted_host(settings, channel)
    desk = Desk(name="dig", title="DIG", level="range", area="", recipient=new_identity()[0])
    host.services.write_now(lambda unit: add_desk(unit, desk))
    async with host.running():
        assert host.ingest_runtime
        done, open_ = (Tipster(host.ingest_runtime, channel, address) for address in ("9111111111", "9222222222"))
        receipt = re.search(RECEIPT, await done.walk(ANSWERS, RECEIPT))
        assert receipt
        await open_.walk(ANSWERS, "Tell the place")
        question = open_.text
    before = (data / "edge.key").read_bytes()

    assert "values are sealed under the key" in run("keys", "rotate-edge", str(data / "new.key")).stdout
    with pytest.raises(SettingsError, match="is not the edge key"):
        scripted_host(settings, channel)  # as a node would that still has the old one
    (data / "new.key").replace(data / "edge.key")

    host = scripted_host(settings, channel)
    async with host.running():
        assert host.ingest_runtime
        old = Identity(before, host.ingest_runtime.identity.epochs)
        assert old.lookup(b"p") != host.ingest_runtime.identity.lookup(b"p")
        assert old.event("a", "1") == host.ingest_runtime.identity.event("a", "1")
        again, back = (Tipster(host.ingest_runtime, channel, one) for one in ("9222222222", "9333333333"))
        assert question.splitlines()[0] in await again.say("repeat")
        assert re.search(RECEIPT, await again.walk_on(ANSWERS, RECEIPT))
        await back.say(receipt[0])
        assert "received" in back.text.lower()


def test_a_reason_against_rotating_the_key_is_told_in_a_sentence(data: Path) -> None:
    run("db", "upgrade")
    (data / "spool").mkdir()
    (data / "spool" / f"{1:020}-00000000.script").touch()
    assert "wait in the spool" in run("keys", "rotate-edge", str(data / "new.key"), code=1).stderr
    assert not (data / "new.key").exists()


@pytest.mark.slow("a third of a second of a processor")
def test_a_file_that_exists_such_as_the_present_key_is_never_written_over(data: Path) -> None:
    run("db", "upgrade")
    assert "exists: give a new name" in run("keys", "rotate-edge", str(data / "edge.key"), code=1).stderr
    assert "can't be written" in run("keys", "rotate-edge", str(data / "nowhere" / "new.key"), code=1).stderr
    run("keys", "rotate-edge", str(data / "new.key"))
