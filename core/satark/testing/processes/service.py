"""Satark as a process of its own, for tests that stop, kill and restart it."""

from __future__ import annotations

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

START_SECONDS = 60
"""Seconds that a process has until it answers."""


def free_port() -> int:
    """Give a loopback port that is free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServiceError(AssertionError):
    """The process ended or does not answer; the message ends with what it wrote."""


class Service:
    """One `satark serve` (or any command that serves) at a free port. Use it as `async with`, or start and kill it.

    Args:
        folder: data folder and log.
        environment: settings, beside `SATARK_DATA_DIR` and what the machine's own environment has.
        command: what to run before `--port`; `satark serve` by default.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], command: Sequence[str] = ()) -> None:
        self.folder = folder
        self.environment = {**os.environ, "SATARK_DATA_DIR": str(folder), **environment}
        self.log = folder.parent / f"{folder.name}.log"
        self.port = free_port()
        self._command = list(command) or [str(Path(sys.executable).with_name("satark")), "serve"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> int:
        """Its process's id.

        Raises:
            ServiceError: it was not started.
        """
        if self._process is None:
            raise ServiceError("not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number; 0 before it was started."""
        return self._process.pid if self._process is not None else 0

    async def __aenter__(self) -> Self:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it as an operator would."""
        await self.stop()

    async def start(self, extra: Mapping[str, str] | None = None) -> None:
        """Start the process and wait until it answers.

        Raises:
            ServiceError: it does not.
        """
        command = [*self._command, "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own command
                command, env={**self.environment, **(extra or {})}, stdout=log, stderr=log
            )
        async with asyncio.timeout(START_SECONDS):
            while not await self._answers():
                if not self.running:
                    raise ServiceError(f"it ended: {self.log.read_text()[-2000:]}")
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Ask the process to end, and wait for it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(self._process.wait)

    async def kill(self) -> None:
        """End the process without warning (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    async def ended(self) -> None:
        """Wait until the process has ended by itself."""
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)

    def run(self, *arguments: str, check: bool = True) -> Result:
        """Run a `satark` command on the same settings, in this process, and give what it printed.

        Raises:
            ServiceError: it failed, and `check` was not False.
        """
        result = CliRunner(env=self.environment).invoke(cli, arguments)
        if check and result.exit_code:
            raise ServiceError(f"satark {' '.join(arguments)}: {result.output}{result.exception!r}")
        return result

    async def _answers(self) -> bool:
        try:
            async with aiohttp.ClientSession() as client, client.get(f"{self.url}/healthz") as response:
                return response.status == 200  # noqa: PLR2004 - HTTP: OK
        except aiohttp.ClientError:
            return False
