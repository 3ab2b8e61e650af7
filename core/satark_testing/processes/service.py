"""Satark as a separate process, for tests that stop, kill and restart it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import aiohttp
from click.testing import CliRunner, Result

from satark.cli.main import cli
from satark.settings.core import PUBLIC_METRICS
from satark_testing.waiting import limit


def free_port() -> int:
    """Return a loopback port that is free at this moment."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


class ServiceError(AssertionError):
    """The process ended, or a command failed; the message ends with its output."""


class Service:
    """One `satark serve`, or another serving command, on a free port.

    Use it with `async with`, or call `start` and `stop`.

    Args:
        folder: the data folder; the log lies beside it.
        environment: environment variables, in addition to `SATARK_DATA_DIR` and the test's own.
        command: the command to which `--port` is added; `satark serve` by default.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], command: Sequence[str] = ()) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "SATARK_DATA_DIR": str(folder),
            "SATARK_METRICS_LISTEN": PUBLIC_METRICS,  # the only port that a test knows
            **environment,
        }
        self.log = folder.parent / f"{folder.name}.log"
        self.port = free_port()
        self._command = list(command) or [str(Path(sys.executable).with_name("satark")), "serve"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The id of the process that was started.

        Raises:
            ServiceError: the process was not started.
        """
        if self._process is None:
            raise ServiceError("not started")
        return self._process.pid

    @property
    def command(self) -> Sequence[str]:
        return (*self._command, "--port", str(self.port))

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def __aenter__(self) -> Self:
        """Start the process."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the process as an operator does."""
        await self.stop()

    async def start(self, extra: Mapping[str, str] | None = None) -> None:
        """Start the process and wait until it answers.

        Raises:
            ServiceError: the process ended.
            TimeoutError: it does not answer in time.
        """
        self._process = await asyncio.to_thread(self._spawn, {**self.environment, **(extra or {})})
        async with limit():
            while not await self._answers():
                if not self.running:
                    raise ServiceError(f"the process ended: {self.log.read_text()[-2000:]}")
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Send SIGTERM and wait until the process has ended."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(self._process.wait)

    async def kill(self) -> None:
        """Send SIGKILL and wait until the process has ended."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    async def ended(self) -> None:
        """Wait until the process ends by itself."""
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)

    def run(self, *arguments: str, check: bool = True) -> Result:
        """Run a `satark` command with the same settings in this process, and return its result.

        Raises:
            ServiceError: the command failed and `check` is true.
        """
        result = CliRunner(env=self.environment).invoke(cli, arguments)
        if check and result.exit_code:
            raise ServiceError(f"satark {' '.join(arguments)}: {result.output}{result.exception!r}")
        return result

    def _spawn(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start the process with these environment variables and no others."""
        with self.log.open("ab") as log:
            return subprocess.Popen(self.command, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own

    async def _answers(self) -> bool:
        try:
            async with aiohttp.ClientSession() as client, client.get(f"{self.url}/healthz") as response:
                return response.status == 200  # noqa: PLR2004 - HTTP: OK
        except aiohttp.ClientError:
            return False
