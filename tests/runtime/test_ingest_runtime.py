"""The ingest runtime: its tasks, and the work that it resumes after a crash or a failure."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from satark.api.channel import Receive
from satark.api.inbound import Batch, Text
from satark.api.outbound import Accepted, Call, Delivered
from satark.settings.settings import Settings
from satark_testing.waiting import until
from support.scripted import ACCOUNT, ScriptedChannel, Tipster, inbound, scripted_host

DELETION = Call(account=ACCOUNT, method="delete", body=b"delete it")


@pytest.mark.slow("a whole process")
async def test_what_a_crash_left_is_sent_once_its_claim_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark.store.outbox.SEND_LEASE", 0)
    first = ScriptedChannel()
    host = scripted_host(Settings(data_dir=tmp_path), first)
    host.writer.start()
    assert host.ingest_runtime
    await Tipster(host.ingest_runtime, first).say("Hi")  # the sender does not run: as if the process died here
    await host.writer.stop()
    host.services.close()
    assert first.sent == []
    second = ScriptedChannel()
    host = scripted_host(Settings(data_dir=tmp_path), second)
    async with host.running():
        await until(lambda: second.sent)


async def test_the_calls_alarms_and_reports_of_a_batch_are_taken(tmp_path: Path) -> None:
    channel = ScriptedChannel()
    host = scripted_host(Settings(data_dir=tmp_path), channel)
    async with host.running():
        assert host.ingest_runtime
        await until(lambda: channel.opened)
        reports = [Delivered(call_id="0" * 32, result=Accepted())]
        await host.ingest_runtime.ingest.ingest(
            channel, Batch(chores=[DELETION], alarms=["131056"], delivered=reports, ignored=2, unread=1)
        )
        await until(lambda: channel.bodies == [b"delete it"])
    host.metrics.end_bands(time.time() + 7 * 3600, all_steps=True)
    metrics = host.metrics.render()
    assert b'satark_send_reports_total{channel="script",result="131056"} 1.0' in metrics
    assert b'satark_ignored_items_total{channel="script"} 3.0' in metrics
    assert b'satark_fault{fault="hook_fails:script:parse"} 1.0' in metrics


@pytest.mark.slow("a whole process")
async def test_a_listening_channel_delivers_its_events_and_restarts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.api.background.RESTART_SECONDS", 0.0)

    class Listening(ScriptedChannel):
        begun = 0

        async def listen(self, receive: Receive) -> None:
            self.begun += 1
            if self.begun == 1:
                raise OSError("planted")
            await receive(Batch(inbound=[inbound("asha", Text("Hi"))]))
            await asyncio.Event().wait()

    channel = Listening()
    host = scripted_host(Settings(data_dir=tmp_path), channel)
    async with host.running():
        await until(lambda: channel.sent)
    assert channel.begun == 2
