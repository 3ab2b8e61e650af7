"""An upload store for each test, and a server process for it."""

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

from satark_files.file_store import FolderStore
from satark_testing.processes.service import free_port
from satark_testing.processes.serving import serve
from satark_testing.waiting import limit
from satark_web_form.settings import UploadSettings
from satark_web_form.uploads.draft_key import DraftKey
from satark_web_form.uploads.upload_store import UploadStore

SERVER = Path(__file__).with_name("uploads_server.py")
SECRET = bytes(range(32))
OTHER = bytes(32)


class ServerProcess:
    """A running `uploads_server.py`."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.url = url
        self.id = process.pid

    async def kill(self) -> None:
        """Kill the process, as a power failure would."""
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Stop the process if it is running."""
        if self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


Until = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
StartServer = Callable[[], AbstractAsyncContextManager[ServerProcess]]


@pytest.fixture
def key() -> DraftKey:
    """Return the key of the tests' draft."""
    return DraftKey(SECRET)


@pytest.fixture
def uploads(tmp_path: Path) -> UploadStore:
    """Return an upload store with the default limits."""
    return UploadStore(FolderStore(tmp_path / "uploads"), UploadSettings(upload_reserve_bytes=0))


@pytest.fixture
async def site(uploads: UploadStore) -> AsyncIterator[str]:
    """Serve the uploads in this process; return the URL."""
    async with serve(runpy.run_path(str(SERVER))["site"](uploads)) as url:
        yield url


@pytest.fixture
async def browser(site: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Return an HTTP client with the draft's cookie."""
    async with aiohttp.ClientSession(
        site, headers={"tus-resumable": "1.0.0", "cookie": f"draft={SECRET.hex()}"}
    ) as made:
        yield made


@pytest.fixture
def until() -> Until:
    """Return a function that waits until a condition is true."""

    async def waiting(ask: Callable[[], Awaitable[object]]) -> None:
        async with limit():
            while True:
                if await ask():
                    return
                await asyncio.sleep(0.01)

    return waiting


@pytest.fixture
def start_server(tmp_path: Path) -> StartServer:
    """Return a function that starts a process with the uploads of `tmp_path`; several may run at once."""

    @asynccontextmanager
    async def start() -> AsyncIterator[ServerProcess]:
        port = free_port()
        environment = {**os.environ, "FOLDER": str(tmp_path / "uploads"), "PORT": str(port)}
        running = ServerProcess(
            await asyncio.create_subprocess_exec(sys.executable, str(SERVER), env=environment),
            f"http://127.0.0.1:{port}",
        )
        try:
            await _wait_until_ready(running.url)
            yield running
        finally:
            await running.stop()

    return start


async def _wait_until_ready(url: str) -> None:
    async with limit(), aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.options(f"{url}/uploads/"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
