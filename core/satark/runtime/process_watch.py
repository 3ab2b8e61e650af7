"""The first of several processes: it serves nothing, and replaces the others when they end or ask for it.

What was written and opened, and a desk's keys, remain in memory that a process has freed, for as long as the process
runs. So a process that serves asks to be replaced (`satark.runtime.http_server.ReplaceableServer`). The new process
starts, and accepts connections once the old one accepts none: an officer's session is in one process. Connections wait
meanwhile, in the socket that the first process keeps open. At its end the old process gives its counts to the new one.
This module imports next to nothing, so that the first process takes little memory.
"""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NoReturn

from satark_files.sandbox.core_dumps import forbid_dumps

READY, OLD, LEFT = b"r", b"o", b"l"
"""Messages from a process to the first one: it could serve; it asks to be replaced; it accepts nothing more. At its
end its counts follow."""
SERVE = b"s"
"""Message to a process: no other process accepts connections in its place. The counts of the one before it follow."""
MESSAGE: Final = 1 << 17
"""Most bytes of a process's counts."""
RETIRE: Final = signal.SIGUSR1
"""Message to a process: accept nothing new, and end once all accepted requests are answered; but stay if an officer has
signed in meanwhile."""

_RETRY_SECONDS: Final = 60
"""Seconds until a process is replaced after a new one could not start, or after it stayed."""


def serve_in_processes(command: Sequence[str], listening: tuple[str, int], number: int) -> NoReturn:
    """Serve with several processes until told to stop. This process becomes the first; its open files are closed.

    `command` starts a serving process. Four arguments follow: the sockets at which it listens, and to the first
    process; its number among those that serve at once, from 0; 1 if no other process serves.
    """
    host, port = listening
    first = [sys.executable, "-m", __name__, host, str(port), str(number), *command]
    os.execv(sys.executable, first)  # noqa: S606 - our own module


class _Process:
    """A serving process, as the first one sees it."""

    def __init__(self, command: Sequence[str], listening: socket.socket, number: int, *, alone: bool) -> None:
        self._channel, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self._channel.settimeout(0)
        passed = listening.fileno(), theirs.fileno()
        told = map(str, (*passed, number, int(alone)))
        with theirs:
            self.running = subprocess.Popen([*command, *told], pass_fds=passed)  # noqa: S603 - our own program
        self._said = b""

    def has_said(self, word: bytes) -> bool:
        """Whether the process is ready, or asks to be replaced."""
        with suppress(BlockingIOError, ConnectionResetError):
            while part := self._channel.recv(MESSAGE):
                self._said += part
        return word in self._said[:3]

    def end(self) -> bytes:
        """Wait until the process has ended; return the counts that it left."""
        self.running.wait()
        self.has_said(READY)
        self._channel.close()
        return self._said.lstrip(READY + OLD + LEFT)

    def tell(self, message: bytes) -> None:
        """Send the process `SERVE`, or the counts of the one before it."""
        with suppress(OSError):  # it has ended
            self._channel.send(message)


class _Place:
    """A serving process, the process that will replace it, and the one that it replaced."""

    def __init__(self, command: Sequence[str], listening: socket.socket, number: int, *, of: int) -> None:
        self._start, self._is_only = (command, listening, number), of == 1
        self.serving = _Process(*self._start, alone=self._is_only)
        self.serving.tell(SERVE)
        self.serving.tell(b"")
        self.coming: _Process | None = None
        self.leaving: _Process | None = None
        self._not_before = 0.0

    def look(self, *, may_start: bool) -> bool:
        """Take the due step. `may_start`: no other process is being replaced. False: no process can start here."""
        if self.leaving and self.leaving.running.poll() is not None:
            self.serving.tell(self.leaving.end())
            self.leaving = None
        if (status := self.serving.running.poll()) is not None or self.serving.has_said(LEFT):
            if status and status > 0 and not self.serving.has_said(READY):
                return False
            former, is_alone = self.serving, self._is_only and status is not None
            self.serving, self.coming = self.coming or _Process(*self._start, alone=is_alone), None
            self.serving.tell(SERVE)
            self.leaving, self._not_before = self.leaving or former, 0.0
        elif self.coming and self.coming.running.poll() is not None:
            self.coming, self._not_before = None, time.monotonic() + _RETRY_SECONDS
        elif time.monotonic() > self._not_before:
            if self.coming and self.coming.has_said(READY):
                self.serving.running.send_signal(RETIRE)
                self._not_before = time.monotonic() + _RETRY_SECONDS
            elif may_start and not self.leaving and self.serving.has_said(OLD):
                self.coming = _Process(*self._start, alone=False)
        return True


def _watch(host: str, port: str, number: str, *command: str) -> int:
    """Start the serving processes, and replace them until told to stop."""
    forbid_dumps()  # its environment holds the secrets of all of them
    lock_memory()
    stop: list[int] = []
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda signal_, _frame: stop.append(signal_))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, int(port)), family=family) as listening:
        places = [_Place(command, listening, at, of=int(number)) for at in range(int(number))]
        works = True
        while works and not stop:
            time.sleep(0.1)
            works = all(place.look(may_start=not any(one.coming for one in places)) for place in places)
    running = [one for place in places for one in (place.serving, place.coming, place.leaving) if one]
    for process in running:
        process.running.send_signal(signal.SIGTERM)
        process.tell(SERVE)  # one that waits to serve ends now
    for process in running:
        process.end()
    return 0 if works else 3


_CURRENT, _FUTURE, _ON_FAULT = 1, 2, 4
"""Flags of mlockall(2). A page is locked at its first use, so that no page is read ahead of need."""


def may_lock_memory() -> bool:
    """Return whether this user may lock unlimited memory (`LimitMEMLOCK=infinity`)."""
    return sys.platform == "linux" and resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY


def lock_memory() -> bool:
    """Lock all present and future memory of this process, if the process may do so. Return whether memory is locked.

    If there is a limit, nothing is locked: a process that reaches the limit could not allocate memory any more.
    """
    return may_lock_memory() and ctypes.CDLL(None).mlockall(_CURRENT | _FUTURE | _ON_FAULT) == 0


if __name__ == "__main__":
    sys.exit(_watch(*sys.argv[1:]))
