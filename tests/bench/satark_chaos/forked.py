"""`satark serve`, forked from a process that has imported everything: a start costs a fraction of a new interpreter's.

Whoever kills hundreds of processes would else spend most of the time on imports.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from satark.testing.processes.service import Process, Service

CLOCK: Final = "CHAOS_CLOCK_SECONDS"
"""Environment variable: by how much the next process's clock is off."""
_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["satark_chaos.preload"])


class ForkedService(Service):
    """A service whose process is forked."""

    def _spawn(self, environment: Mapping[str, str]) -> Process:
        arguments = ("serve", "--port", str(self.port))
        process = _FORKS.Process(target=_serve, args=(arguments, dict(environment), self.log))
        process.start()
        return _Forked(process)


class _Forked:
    """A forked process, with the methods of `subprocess.Popen`."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def wait(self) -> int | None:
        self._process.join()
        return self.poll()


def _serve(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    """Become `satark` with these arguments and variables, in the forked process."""
    from satark_chaos import shifted  # noqa: PLC0415 - it changes the clock of whoever imports it

    with log.open("ab") as opened:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(opened.fileno(), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    shifted.shift(float(environment.get(CLOCK, "0")))
    sys.argv[1:] = arguments
    from satark.cli.main import main  # noqa: PLC0415

    main()
