"""Memory is locked if the system allows to lock all of it, and otherwise not at all."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import contextlib, resource, sys
from satark.identity.memory_lock import lock_memory
limit = int(sys.argv[1])
with contextlib.suppress(ValueError, PermissionError):  # only root may raise its limit
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, limit))
allowed = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
locked = lock_memory()
kept = bytearray(30_000_000)
lines = open("/proc/self/status").read().splitlines()
print(allowed, locked, next(line.split()[1] for line in lines if line.startswith("VmLck")))
"""

pytestmark = pytest.mark.slow("a process")


def run(limit: int) -> list[str]:
    done = subprocess.run([sys.executable, "-c", CODE, str(limit)], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_present_and_later_memory_is_locked_exactly_if_the_system_allows_it() -> None:
    allowed, locked, kilobytes = run(-1)
    assert locked == allowed
    assert (int(kilobytes) > 30_000) is (locked == "True")


def test_under_a_limit_nothing_is_locked() -> None:
    assert run(8192) == ["False", "False", "0"]
