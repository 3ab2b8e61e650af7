"""Serves an ASGI app on a free loopback port inside a test, with uvicorn as in production."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import uvicorn

from satark.runtime.http_server import CONNECTION_CLASS

_STOP_SECONDS = 2
_POLL_SECONDS = 0.005
_IDLE_SECONDS = 2
"""Idle seconds before the client closes a connection: fewer than the five of uvicorn, so that no webhook uses a closed
one."""


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals to the test runner."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(app: Any, port: int = 0) -> AsyncIterator[str]:
    """Serve `app` while the context is open; yield its base URL, such as `http://127.0.0.1:49152`.

    Args:
        app: any ASGI application; its lifespan runs.
        port: the port on 127.0.0.1; 0 chooses a free one.

    Raises:
        RuntimeError: the app did not start.
    """
    with socket.create_server(("127.0.0.1", port)) as listening:
        server = _Server(_config(app))
        # No task group: an exception of the test must reach pytest as it is, not inside a group.
        task = asyncio.create_task(_run(server, listening))
        try:
            await _started(server, task)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def provider_session(user_agent: str = "a-provider") -> aiohttp.ClientSession:
    """Return the client with which a simulated provider posts its webhooks."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(keepalive_timeout=_IDLE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent},
    )


async def _run(server: uvicorn.Server, listening: socket.socket) -> None:
    """Serve. If the app does not start, suppress the exit of uvicorn."""
    with contextlib.suppress(SystemExit):
        await server.serve(sockets=[listening])


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=CONNECTION_CLASS,
        access_log=False,
        log_config=None,
        lifespan="auto",
        loop="none",
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    while not server.started:
        if task.done():
            raise RuntimeError("the app did not start")
        await asyncio.sleep(_POLL_SECONDS)


class WebhookClient:
    """Opens its session for the first webhook. After `close`, webhooks fail as if the network were down."""

    def __init__(self, user_agent: str = "a-provider") -> None:
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session.

        Raises:
            aiohttp.ClientConnectionError: the client is closed. A background task that still posts would leave a
                session behind that nobody closes.
        """
        if self._is_closed:
            raise aiohttp.ClientConnectionError("the provider is gone")
        if self._session is None:
            self._session = provider_session(self._user_agent)
        return self._session

    async def close(self) -> None:
        """Close the session permanently."""
        self._is_closed = True
        if self._session is not None:
            await self._session.close()
