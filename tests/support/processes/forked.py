"""Runs Satark in a forked process that has already imported everything, which starts faster than a new interpreter.

Tests that start, kill and restart processes would otherwise spend most of their time on imports. What needs a new
interpreter (another `PYTHONPATH`, the memory of a process, what `/proc` says of it) is tested with `Service` itself.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock
from typing import Any, Final

import pytest

from satark_testing import installation
from satark_testing.processes.service import Service

CLOCK: Final = "TEST_CLOCK_SECONDS"
"""Environment variable: the offset of the next process's clock, in seconds."""
HOUR: Final = "TEST_HOUR_SECONDS"
"""Environment variable: the seconds between two of the next process's hourly looks."""
_TESTS: Final = Path(__file__).parents[2]
_ENVIRONMENT: Final = Lock()
_FORKS: Final = multiprocessing.get_context("forkserver")
# The running program too: else each fork would import it again.
_FORKS.set_forkserver_preload(["support.processes.preload", "__main__"])


class ForkedService(Service):
    """A service whose process is forked. Its command is a Python script, such as `satark`, with its arguments."""

    def _spawn(self, environment: Mapping[str, str]) -> Any:
        arguments = (self.command, dict(environment), Path.cwd(), self.log)
        # A daemon: it ends with the tests, even where one forgets it.
        process = _FORKS.Process(target=_become, args=arguments, daemon=True)
        _ensure_server()
        process.start()
        return _Forked(process)


set_up_installation = partial(installation.set_up_installation, service=ForkedService)
matrix_installation = partial(installation.matrix_installation, service=ForkedService)


def _ensure_server() -> None:
    """Start the process that is forked. It reads its paths from the environment alone."""
    with _ENVIRONMENT, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(_TESTS), prepend=os.pathsep)
        forkserver.ensure_running()


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


def _become(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> None:
    """Run a script with these arguments and variables, in the forked process."""
    from support.processes import preload  # noqa: PLC0415 - it changes the clock of whoever imports it

    with log.open("ab") as opened:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(opened.fileno(), stream.fileno())
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # it hangs on the environment
    preload.shift(float(environment.get(CLOCK, "0")))
    if hour := environment.get(HOUR):
        preload.shorten_hour(float(hour))
    sys.argv[:] = command[1:] if command[0] == sys.executable else command
    runpy.run_path(sys.argv[0], run_name="__main__")
