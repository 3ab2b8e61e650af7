"""A tip gets its receipt and reaches its desks, whatever the optional hooks of a plugin do."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from satark.plugins.hook_implementations import ANSWERS
from satark_testing.installation import Installation
from support.processes.forked import set_up_installation
from support.tipsters import ENGLISH

pytestmark = pytest.mark.slow("a process")

SERVER = Path(__file__).with_name("faulty_server.py")
ALL = ANSWERS.keys() - {"satark_commands"}
READ = {"satark_interpret", "satark_render", "satark_screen", "satark_route"}
"""The hooks whose return values are used."""
FAULTS = {
    "none": set(),
    "raises": ALL,
    "exits": ALL,
    "returns_wrong_type": READ,
    "wrapper_raises_before": ALL,
    "wrapper_raises_after": ALL,
    "wrapper_returns_wrong_type": READ,
    "hangs": ALL,  # last: it never returns
}
"""Fault, which is the name of its plugin → the hooks that fail."""
_FAILED = re.compile(r"fault: plugin (\w+) failed in (\w+) \(\w+ at [\w.]+:\d+\); tips go on")


async def readiness(installation: Installation) -> str:
    async with aiohttp.ClientSession() as client, client.get(f"{installation.service.url}/readyz") as response:
        return await response.text()


@pytest.fixture
def fault_file(tmp_path: Path) -> Path:
    file = tmp_path / "fault"
    file.write_text("none")
    return file


@pytest.mark.full("each fault of each hook, end to end")
async def test_no_fault_of_an_optional_hook_loses_a_tip(
    tmp_path: Path, environment: Mapping[str, str], fault_file: Path
) -> None:
    variables = {**environment, "FAULT_FILE": str(fault_file), "SATARK_HOOK_SECONDS": "1"}
    found, expected = {}, {}
    async with set_up_installation(tmp_path, variables, command=(sys.executable, str(SERVER))) as installation:
        await installation.service.start()
        for number, (fault, hooks) in enumerate(FAULTS.items()):
            fault_file.write_text(fault)  # noqa: ASYNC240 - a few bytes
            words = f"Arms are sold outside the village at night {fault}"
            assert await installation.citizen(number).walk({**ENGLISH, "What is happening\\?": words}), "no receipt"
            for desk in ("sp", "dig"):
                tips = await installation.tips(desk, at_least=number + 1)
                found[fault, desk] = [tip["flags"] for tip in tips if tip["answers"]["what"] == words]
                flags = ["witness", "wrapped", *(["routing_failed"] if "satark_route" in hooks else [])]
                expected[fault, desk] = [flags]
        ready = await readiness(installation)
        log = installation.service.log.read_text()
    assert found == expected
    assert {*_FAILED.findall(ready)} == {(fault, hook) for fault, hooks in FAULTS.items() for hook in hooks}
    assert "words of a tip" not in log + ready
