"""Serve an ASGI app on a free loopback port inside a test, with the very server that production uses."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import uvicorn

_GRACE_SECONDS = 2
_POLL_SECONDS = 0.005
_IDLE_SECONDS = 2
"""Less than the five after which uvicorn closes an idle connection: a webhook must not run into that."""


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone: they are the test runner's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(app: Any, port: int = 0) -> AsyncIterator[str]:
    """Serve `app` while the context is open; give its base URL, such as `http://127.0.0.1:49152`.

    Args:
        app: any ASGI application; its lifespan runs.
        port: the port on 127.0.0.1; 0 takes a free one.

    Raises:
        RuntimeError: the app did not start.
    """
    with socket.create_server(("127.0.0.1", port)) as listening:
        server = _Server(_config(app))
        # No task group: what a test raises while the app is up must reach pytest as it is, not within a group.
        task = asyncio.create_task(_run(server, listening))
        try:
            await _started(server, task)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def provider_session(user_agent: str = "a-provider") -> aiohttp.ClientSession:
    """Make the client that a pretended provider posts its webhooks with."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(keepalive_timeout=_IDLE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent},
    )


async def _run(server: uvicorn.Server, listening: socket.socket) -> None:
    """Serve; uvicorn leaves the process when the app does not start, which is not for a test to do."""
    with contextlib.suppress(SystemExit):
        await server.serve(sockets=[listening])


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        lifespan="auto",
        loop="none",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    while not server.started:
        if task.done():
            raise RuntimeError("the app did not start")
        await asyncio.sleep(_POLL_SECONDS)
