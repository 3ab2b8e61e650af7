"""The first of several processes: it serves nothing, and replaces the others when they end or ask for it.

What citizens wrote remains in memory that a process has freed, for as long as the process runs. So a process that
serves asks after some epochs to be replaced. The new one answers before the old one takes nothing new
(`satark.runtime.http_server.ReplaceableServer`), and gets the old one's counts when that ends.

This module imports next to nothing, so that the first process takes little memory.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, NoReturn

LISTENING: Final = "SATARK_SERVE_LISTENING"
"""Environment variable of a serving process: the open socket at which it listens."""
CHANNEL: Final = "SATARK_SERVE_CHANNEL"
"""Its open socket to the first process. It says `READY`, perhaps `OLD`, and at its end its counts; it is told the
counts of the process before it.
"""
NUMBER: Final = "SATARK_SERVE_NUMBER"
"""Its number among those that serve at once, from 0."""
ALONE: Final = "SATARK_SERVE_ALONE"
"""1: no other process serves."""
READY, OLD = b"r", b"o"
RETIRE: Final = signal.SIGUSR1
"""Tells a process to take nothing new, and to end when it has answered what it took."""

_LOOK_SECONDS: Final = 0.1
_RETRY_SECONDS: Final = 60
"""Seconds until a process is replaced after a new one could not start."""
_FAILED: Final = 3


def serve_in_processes(command: Sequence[str], listening: tuple[str, int], number: int) -> NoReturn:
    """Serve with several processes until told to stop. This process becomes the first, and its open files are closed.

    Args:
        command: what starts a serving process.
        listening: the address and port to listen at.
        number: the number of processes that serve at once.
    """
    host, port = listening
    first = [sys.executable, "-m", __name__, host, str(port), str(number), *command]
    os.execv(sys.executable, first)  # noqa: S606 - our own module


class _Process:
    """A serving process, as the first one sees it."""

    def __init__(self, command: Sequence[str], listening: socket.socket, number: int, *, alone: bool) -> None:
        self._channel, theirs = socket.socketpair()
        self._channel.settimeout(0)
        passed = {LISTENING: listening.fileno(), CHANNEL: theirs.fileno()}
        told = {**passed, NUMBER: number, ALONE: int(alone)}
        environment = os.environ | {name: str(value) for name, value in told.items()}
        with theirs:
            self._process = subprocess.Popen(command, env=environment, pass_fds=tuple(passed.values()))  # noqa: S603
        self._said = b""

    def has_said(self, word: bytes) -> bool:
        """Whether it is ready, or asks to be replaced."""
        with suppress(BlockingIOError, ConnectionResetError):
            while part := self._channel.recv(1 << 16):
                self._said += part
        return word in self._said[:2]

    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self._process.poll() is not None

    def has_failed(self) -> bool:
        """Whether it ended by itself before it served: another one would do the same."""
        return not self.has_said(READY) and (self._process.poll() or 0) > 0

    def send(self, signal_: int) -> None:
        """Send it a signal."""
        self._process.send_signal(signal_)

    def counts(self) -> bytes:
        """Wait until it has ended; return the counts that it left."""
        self._process.wait()
        self.has_said(READY)
        self._channel.close()
        return self._said.lstrip(READY + OLD)

    def take_over(self, counts: bytes) -> None:
        """Tell it the counts of the process before it."""
        with suppress(OSError):  # it has ended
            self._channel.sendall(counts)
            self._channel.shutdown(socket.SHUT_WR)


class _Place:
    """A serving process, the one that is to replace it, and the one that it replaced."""

    def __init__(self, command: Sequence[str], listening: socket.socket, number: int, *, of: int) -> None:
        self._start = (command, listening, number)
        self._is_only = of == 1
        self.serving = self._begin()
        self.coming: _Process | None = None
        self._leaving: _Process | None = None
        self._not_before = 0.0
        self.serving.take_over(b"")

    @property
    def processes(self) -> list[_Process]:
        """All that run."""
        return [one for one in (self.serving, self.coming, self._leaving) if one is not None]

    def look(self, *, may_start: bool) -> bool:
        """Do what is due; `may_start`: none is being replaced elsewhere. False: no process can start here."""
        if self._leaving is not None and self._leaving.has_ended():
            self.serving.take_over(self._leaving.counts())
            self._leaving = None
        if self.serving.has_ended():
            return self._replace_ended()
        if self.coming is not None:
            self._bring_in(self.coming)
        elif self.serving.has_said(OLD) and self._leaving is None and may_start and time.monotonic() > self._not_before:
            self.coming = self._begin(alone=False)
        return True

    def _replace_ended(self) -> bool:
        if self.serving.has_failed():
            return False
        counts = self.serving.counts()
        self.serving, self.coming = self.coming or self._begin(), None
        if self._leaving is None:
            self.serving.take_over(counts)
        return True

    def _bring_in(self, coming: _Process) -> None:
        if coming.has_ended():
            self.coming, self._not_before = None, time.monotonic() + _RETRY_SECONDS
        elif coming.has_said(READY):
            self.serving.send(RETIRE)
            self.serving, self.coming, self._leaving = coming, None, self.serving

    def _begin(self, *, alone: bool = True) -> _Process:
        return _Process(*self._start, alone=alone and self._is_only)


def _watch(host: str, port: str, number: str, *command: str) -> int:
    """Start the serving processes, and replace them until told to stop."""
    stop: list[int] = []
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda signal_, _frame: stop.append(signal_))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, int(port)), family=family) as listening:
        places = [_Place(command, listening, at, of=int(number)) for at in range(int(number))]
        works = True
        while works and not stop:
            time.sleep(_LOOK_SECONDS)
            works = all(place.look(may_start=not any(one.coming for one in places)) for place in places)
        running: list[Any] = [one for place in places for one in place.processes]
        for process in running:
            process.send(signal.SIGTERM)
    for process in running:
        process.counts()
    return 0 if works else _FAILED


if __name__ == "__main__":
    sys.exit(_watch(*sys.argv[1:]))
