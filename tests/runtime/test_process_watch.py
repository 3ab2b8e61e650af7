"""The process watch: a process that asks is replaced by one that already serves, and so is a process that ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from satark.runtime.process_watch import RETIRE, may_lock_memory
from satark_testing.waiting import until

pytestmark = pytest.mark.slow("processes")

SERVING = """
import os, signal, socket, sys
awaited = {signal.SIGUSR1}
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
channel = socket.socket(fileno=int(sys.argv[6]))
def log(*words):
    with open(sys.argv[1], "a") as file:
        print(*words, file=file)
    return open(sys.argv[1]).read().count("starts")
number = log("starts", os.getpid(), sys.argv[8])
ends, asks = sys.argv[2].split(","), sys.argv[3].split(",")
if str(number) in ends:
    sys.exit(1)
socket.socket(fileno=int(sys.argv[5])).getsockname()
channel.sendall(b"r")
assert channel.recv(100) == b"s"
log("serves", os.getpid())
if str(number) in asks:
    channel.sendall(b"o")
if part := channel.recv(100):
    log("counts", part.decode())
signal.sigwait(awaited)
if str(number) in sys.argv[4].split(","):
    log("stays", os.getpid())
    signal.sigwait(awaited)
log("retires", os.getpid())
channel.sendall(b"l")
channel.sendall(f"{number} counted".encode())
"""
"""Starts, says that it is ready, and waits.

Arguments: a log, and which processes end at once, which ask, and which stay when first told to leave.
"""


class Watched:
    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._log = folder / "log"
        self.process = process

    def logged(self, word: str) -> list[str]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [line.partition(" ")[2] for line in lines if line.startswith(word)]

    def serving(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


@contextmanager
def watched(folder: Path, *, ends: str = "", asks: str = "", stays: str = "") -> Iterator[Watched]:
    command = [sys.executable, "-c", SERVING, str(folder / "log"), ends, asks, stays]
    watch = [sys.executable, "-m", "satark.runtime.process_watch", "127.0.0.1", "0", "1"]
    with subprocess.Popen([*watch, *command]) as process:
        try:
            yield Watched(folder, process)
        finally:
            process.send_signal(signal.SIGTERM)


async def test_a_process_that_asks_is_replaced_and_passes_its_counts_on(tmp_path: Path) -> None:
    with watched(tmp_path, asks="1") as seen:
        await until(lambda: seen.logged("counts") == ["1 counted"])
        (first, second), (retired,) = seen.logged("starts"), seen.logged("retires")
        assert first == f"{retired} 1"
        assert second.split() == [str(seen.serving()[0]), "0"]
        assert len(seen.serving()) == 1


async def test_a_process_that_stays_is_the_only_one_that_serves(tmp_path: Path) -> None:
    with watched(tmp_path, asks="1", stays="1") as seen:
        await until(lambda: seen.logged("stays"))
        await asyncio.sleep(0.5)
        assert seen.logged("serves") == [seen.logged("starts")[0].split()[0]]
        assert len(seen.serving()) == 2
        seen.process.send_signal(signal.SIGTERM)
        await until(lambda: seen.process.poll() is not None)


async def test_the_first_process_which_holds_the_environments_secrets_is_never_dumped(tmp_path: Path) -> None:
    with watched(tmp_path) as seen:
        await until(lambda: seen.logged("starts"))
        about = Path(f"/proc/{seen.process.pid}")
        limits = (about / "limits").read_text().splitlines()
        assert next(one for one in limits if one.startswith("Max core file")).split()[4:6] == ["0", "0"]
        locked = next(one for one in (about / "status").read_text().splitlines() if one.startswith("VmLck"))
        assert (int(locked.split()[1]) > 0) is may_lock_memory()


async def test_the_old_process_keeps_serving_if_no_new_process_can_start(tmp_path: Path) -> None:
    with watched(tmp_path, ends="2", asks="1") as seen:
        await until(lambda: len(seen.logged("starts")) == 2 and len(seen.serving()) == 1)
        assert seen.serving() == [int(seen.logged("starts")[0].split()[0])]
        assert seen.logged("retires") == []


async def test_a_process_that_ends_by_itself_is_replaced(tmp_path: Path) -> None:
    with watched(tmp_path) as seen:
        await until(lambda: len(seen.logged("starts")) == 1)
        os.kill(seen.serving()[0], RETIRE)
        await until(lambda: seen.logged("counts") == ["1 counted"])
        assert [line.split()[1] for line in seen.logged("starts")] == ["1", "1"]


async def test_all_ends_where_the_first_can_not_start(tmp_path: Path) -> None:
    with watched(tmp_path, ends="1") as seen:
        await until(lambda: seen.process.poll() == 3)


CODE = """
import contextlib, resource, sys
from satark.runtime.process_watch import lock_memory
limit = int(sys.argv[1])
with contextlib.suppress(ValueError, PermissionError):  # only root may raise its limit
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, limit))
allowed = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
locked = lock_memory()
kept = bytearray(30_000_000)
lines = open("/proc/self/status").read().splitlines()
print(allowed, locked, next(line.split()[1] for line in lines if line.startswith("VmLck")))
"""


def run(limit: int) -> list[str]:
    done = subprocess.run([sys.executable, "-c", CODE, str(limit)], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_present_and_later_memory_is_locked_exactly_if_the_system_allows_it() -> None:
    allowed, locked, kilobytes = run(-1)
    assert locked == allowed
    assert (int(kilobytes) > 30_000) is (locked == "True")


def test_under_a_limit_nothing_is_locked() -> None:
    assert run(8192) == ["False", "False", "0"]
