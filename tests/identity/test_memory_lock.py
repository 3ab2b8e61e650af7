"""Memory is locked where the system allows all of it, and nowhere half."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

CODE = """
import resource, sys
from satark.identity.memory_lock import lock_memory
resource.setrlimit(resource.RLIMIT_MEMLOCK, (int(sys.argv[1]), resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]))
locked = lock_memory()
kept = bytearray(30_000_000)
lines = open("/proc/self/status").read().splitlines()
print(locked, next(line.split()[1] for line in lines if line.startswith("VmLck")))
"""


def run(limit: int) -> list[str]:
    done = subprocess.run([sys.executable, "-c", CODE, str(limit)], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_all_memory_is_locked_also_what_comes_later() -> None:
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] != resource.RLIM_INFINITY:
        try:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (ValueError, PermissionError):
            pytest.skip("this user may not lock all memory: LimitMEMLOCK=infinity, or root")
    locked, kilobytes = run(resource.RLIM_INFINITY)
    assert locked == "True"
    assert int(kilobytes) > 30_000


@pytest.mark.slow("a process")
def test_under_a_limit_nothing_is_locked() -> None:
    assert run(8192) == ["False", "0"]
