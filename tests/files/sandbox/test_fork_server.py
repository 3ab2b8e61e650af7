"""The fork server: each file has a child of its own, which ends in time and yields to other processes."""

import asyncio
import os
from pathlib import Path

import msgspec
import pytest

from satark.store.workspace import temporary_folder
from satark_files.limits import Limits
from satark_files.sandbox.fork_server import NICENESS
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import Unclean
from support.evidence.hostile import HostileScrubber, attack

pytestmark = pytest.mark.slow("the sandbox")


@pytest.mark.parametrize(("gives_way", "policy"), [(True, os.SCHED_IDLE), (False, os.SCHED_OTHER)])
async def test_cleaning_gives_way_to_the_processes_that_answer(
    folder: Path, limits: Limits, *, gives_way: bool, policy: int
) -> None:
    async with Sandbox([HostileScrubber()], gives_way=gives_way) as sandbox:
        niceness, found, session = map(int, (await attack(sandbox, folder, "priority", limits)).split())
        assert niceness >= min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
        assert found == policy
        assert session == 0  # one from outside: a session of its own would get as much as all of Satark (sched(7))
        assert sandbox._process is not None
        assert os.getsid(sandbox._process.pid) == os.getsid(0)


async def test_a_starved_file_is_cleaned_before_others(folder: Path, limits: Limits) -> None:
    short = msgspec.structs.replace(limits, wall_seconds=0.5)
    async with Sandbox([HostileScrubber()], gives_way=True) as sandbox:
        assert await attack(sandbox, folder, "starve text", short) == "text"


async def test_a_hang_is_ended(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="too-slow"):
        await attack(hostile, folder, "hang", msgspec.structs.replace(limits, wall_seconds=0.2))


async def test_a_hang_does_not_hold_up_another_file(hostile: Sandbox, workspace: Path, limits: Limits) -> None:
    with temporary_folder(workspace) as one, temporary_folder(workspace) as other:
        slow = asyncio.create_task(attack(hostile, one, "hang", msgspec.structs.replace(limits, wall_seconds=2)))
        await asyncio.sleep(0)
        assert await attack(hostile, other, "copy text", limits) == "text"
        assert not slow.done()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow


async def test_the_environment_is_empty(folder: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_WHATSAPP__APP_SECRET", "hush")
    async with Sandbox([HostileScrubber()]) as fresh:
        assert "hush" not in await attack(fresh, folder, "environment", limits)


async def test_a_scrubbers_own_processes_end_with_it(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="too-slow"):
        await attack(hostile, folder, "leave", msgspec.structs.replace(limits, wall_seconds=0.3))
    await asyncio.sleep(3.5)
    assert not (folder / "clean").exists()
