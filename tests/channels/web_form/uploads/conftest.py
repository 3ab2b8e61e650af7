"""A staging of its own for each test, and a server that is one process of an installation."""

from __future__ import annotations

import asyncio
import os
import runpy
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from satark.testing.processes.service import free_port
from satark.testing.processes.serving import serve
from satark.testing.waiting import limit
from satark_web_form.uploads.keys import DraftKey
from satark_web_form.uploads.settings import UploadSettings
from satark_web_form.uploads.staging import Staging

SERVER = Path(__file__).with_name("staging_server.py")
SECRET = bytes(range(32))
OTHER = bytes(32)


class Process:
    """`staging_server.py`, running."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.url = url
        self.id = process.pid

    async def kill(self) -> None:
        """Kill it, as an empty battery does."""
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Stop it, if it still runs."""
        if self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


Until = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
Starting = Callable[[], AbstractAsyncContextManager[Process]]


@pytest.fixture
def key() -> DraftKey:
    """The draft that the tests are in."""
    return DraftKey(SECRET)


@pytest.fixture
def staging(tmp_path: Path) -> Staging:
    """A staging with the usual limits."""
    return Staging(tmp_path / "uploads", UploadSettings(upload_reserve_bytes=0))


@pytest.fixture
async def site(staging: Staging) -> AsyncIterator[str]:
    """The URL of a server, in this process, of the staging."""
    async with serve(runpy.run_path(str(SERVER))["site"](staging)) as url:
        yield url


@pytest.fixture
async def browser(site: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser that has a draft there."""
    async with aiohttp.ClientSession(
        site, headers={"tus-resumable": "1.0.0", "cookie": f"draft={SECRET.hex()}"}
    ) as made:
        yield made


@pytest.fixture
def until() -> Until:
    """Waits until something asked again and again is true."""

    async def waiting(ask: Callable[[], Awaitable[object]]) -> None:
        async with limit():
            while True:
                if await ask():
                    return
                await asyncio.sleep(0.01)

    return waiting


@pytest.fixture
def process(tmp_path: Path) -> Starting:
    """Starts a process that serves the staging below `tmp_path`; several may run at once."""

    @asynccontextmanager
    async def start() -> AsyncIterator[Process]:
        port = free_port()
        environment = {**os.environ, "FOLDER": str(tmp_path / "uploads"), "PORT": str(port)}
        running = Process(
            await asyncio.create_subprocess_exec(sys.executable, str(SERVER), env=environment),
            f"http://127.0.0.1:{port}",
        )
        try:
            await _answering(running.url)
            yield running
        finally:
            await running.stop()

    return start


async def _answering(url: str) -> None:
    async with limit(), aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.options(f"{url}/uploads/"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
