"""The application and its host end together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from satark.runtime.app import build_app
from satark.settings.settings import Settings
from satark_testing.processes.serving import serve
from satark_testing.waiting import limit
from support.scripted import ScriptedChannel, scripted_host


@pytest.mark.slow("a third of a second of a processor")
async def test_a_host_that_fails_while_it_serves_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails, stopped = asyncio.Event(), asyncio.Event()

    async def fail(*_: object) -> None:
        await fails.wait()
        raise OSError("planted")

    monkeypatch.setattr("satark.runtime.host.keep_running", fail)
    host = scripted_host(Settings(data_dir=tmp_path), ScriptedChannel())
    host.stop = stopped.set
    with capture_logs() as logged:
        async with serve(build_app(host)):
            assert not stopped.is_set()
            fails.set()
            async with limit():
                await stopped.wait()
    assert "process failed, stopping" in [entry["event"] for entry in logged]
