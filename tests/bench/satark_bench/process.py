"""A contestant as a process: started, awaited, weighed by /proc, stopped."""

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


class BotError(Exception):
    """A contestant did not start, or stopped; the end of its log is the message."""


class Bot:
    """A running contestant and its children."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def cpu_seconds(self) -> float:
        """User and system time so far, of the process and its living children (proc(5), `stat` fields 14 and 15)."""
        return sum(_stat(pid, 11) + _stat(pid, 12) for pid in self._family()) / _TICKS

    def rss_bytes(self) -> int:
        """Resident memory of the process and its children (proc(5), `stat` field 24)."""
        return sum(_stat(pid, 21) for pid in self._family()) * _PAGE

    def wait_until_it_listens(self, port: int) -> None:
        """Wait until the port takes connections.

        Raises:
            BotError: the process ended, or a minute passed.
        """
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise BotError(self.last_words())

    def last_words(self) -> str:
        """Give the end of what it wrote."""
        return self._log.read_text(errors="replace")[-2000:] or "(it wrote nothing)"

    def stop(self) -> None:
        """Ask it to end, and make it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _family(self) -> Iterator[int]:
        waiting = [self._process.pid]
        while waiting:
            pid = waiting.pop()
            yield pid
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += map(int, children.read_text().split())


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Bot]:
    """Run the command with the environment added to ours, its output in `log`, until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=output)
        bot = Bot(process, log)
        try:
            yield bot
        finally:
            bot.stop()


def free_port() -> int:
    """Give a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stat(pid: int, index: int) -> int:
    """Read a field of /proc/PID/stat, counted from the one after the command's name, which may hold spaces."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[index])
