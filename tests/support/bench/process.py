"""The process of a contestant: starts it, measures it through /proc and stops it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_LONGEST_PREPARATION = 120.0
_LOOK_SECONDS = 0.5
_RESTING_SHARE = 0.05
"""Share of a processor below which a contestant is idle."""


class BotError(Exception):
    """A contestant did not start, or ended. The message is the end of its log."""


class Bot:
    """A running contestant and its child processes."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def cpu_seconds(self) -> float:
        """Return user and system time of the process and its living children (proc(5), `stat` fields 14 and 15)."""
        return sum(_stat(pid, 11) + _stat(pid, 12) for pid in self._processes()) / _TICKS

    def rss_bytes(self) -> int:
        """Return resident memory of the process and its children (proc(5), `stat` field 24)."""
        return sum(_stat(pid, 21) for pid in self._processes()) * _PAGE

    def handles(self) -> int:
        """Return how many files and sockets the process and its children have open."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self._processes())

    def wait_until_it_listens(self, port: int) -> None:
        """Wait until the port accepts connections.

        Raises:
            BotError: the process ended, or a minute passed.
        """
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as client:
                # The system may give the client the very port that it asks for: then it is connected to itself.
                if client.connect_ex(("127.0.0.1", port)) == 0 and client.getsockname() != client.getpeername():
                    return
            time.sleep(0.05)
        raise BotError(self.log_tail())

    def wait_until_it_rests(self) -> None:
        """Wait until the contestant has finished its preparations, for at most two minutes."""
        deadline = time.monotonic() + _LONGEST_PREPARATION
        while time.monotonic() < deadline:
            before = self.cpu_seconds()
            time.sleep(_LOOK_SECONDS)
            if self.cpu_seconds() - before < _RESTING_SHARE * _LOOK_SECONDS:
                return

    def log_tail(self) -> str:
        """Return the end of the log."""
        return self._log.read_text(errors="replace")[-2000:] or "(the log is empty)"

    def stop(self) -> None:
        """Send SIGTERM, and SIGKILL if that is not enough."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _processes(self) -> Iterator[int]:
        waiting = [self._process.pid]
        while waiting:
            pid = waiting.pop()
            yield pid
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += map(int, children.read_text().split())


class MachineLoad:
    """The load of the machine by all processes since this object was made (proc(5), `/proc/stat`)."""

    def __init__(self) -> None:
        self._busy, self._all = _processor_seconds()

    def of_others(self, own_seconds: float) -> float:
        """Return the share of processor time that other processes took, given the seconds of this run's processes."""
        busy, everything = _processor_seconds()
        elapsed = everything - self._all
        return max(0.0, (busy - self._busy - own_seconds) / elapsed) if elapsed else 0.0


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Bot]:
    """Run a command with additional environment variables and its output in `log`, until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=output)
        bot = Bot(process, log)
        try:
            yield bot
        finally:
            bot.stop()


@contextmanager
def on_core(number: int | None) -> Iterator[None]:
    """Run this process and its children on one core during the block; None: on all cores."""
    cores = os.sched_getaffinity(0)
    if number is not None:
        os.sched_setaffinity(0, {sorted(cores)[number]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def free_port() -> int:
    """Return a loopback port that is free at this moment."""
    with socket.socket() as client:
        client.bind(("127.0.0.1", 0))
        port: int = client.getsockname()[1]
        return port


def _processor_seconds() -> tuple[float, float]:
    """Return the busy seconds of all processors, and their total seconds."""
    times = [int(one) / _TICKS for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = times[3] + times[4]
    return sum(times) - idle, sum(times)


def _stat(pid: int, index: int) -> int:
    """Return a field of /proc/PID/stat, counted from the one after the command name, which may contain spaces."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[index])
