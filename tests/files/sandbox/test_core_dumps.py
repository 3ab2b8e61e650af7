"""A process that crashes leaves no part of a file on the disk."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.sandbox.sandbox import Sandbox
from satark_testing.processes.service import Service
from support.evidence.hostile import attack

SHOW = """
import ctypes, resource
from satark_files.sandbox.core_dumps import forbid_dumps
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
{forbid}
print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
"""Prints the longest dump, in bytes, and whether the kernel may dump at all (prctl(2), PR_GET_DUMPABLE)."""


pytestmark = [
    pytest.mark.slow("processes"),
    pytest.mark.skipif(sys.platform != "linux", reason="prctl(2): needs Linux"),
]


def test_no_dump_is_written_nor_piped() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", SHOW.format(forbid="forbid_dumps()")], capture_output=True, check=True
    )
    assert shown.stdout.split() == [b"0", b"0"]
    before = subprocess.run([sys.executable, "-c", SHOW.format(forbid="")], capture_output=True, check=True)
    assert before.stdout.split()[1] == b"1", "this test could not fail"


@pytest.mark.slow("a process")
async def test_a_serving_process_leaves_no_dump(tmp_path: Path) -> None:
    async with Service(tmp_path / "data", {"SATARK_PLUGINS": '["desk"]'}) as service:
        soft_and_hard = resource.prlimit(service.pid, resource.RLIMIT_CORE)
    assert soft_and_hard == (0, 0)


async def test_a_scrubber_that_crashes_leaves_no_core_dump(hostile: Sandbox, folder: Path, limits: Limits) -> None:
    assert await attack(hostile, folder, "dump", limits) == "0 0"
