"""Serves an ASGI app on a free loopback port inside a test, with uvicorn as in production."""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Final, Generic, Self, TypeAlias, TypeVar

import aiohttp
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from satark.runtime.http_server import ServerBeside, uvicorn_options

M = TypeVar("M")

_STOP_SECONDS = 2
_POLL_SECONDS = 0.005
_IDLE_SECONDS = 2
"""Idle seconds before the client closes a connection: fewer than the five of uvicorn, so that no webhook uses a closed
one."""


class StartError(RuntimeError):
    """The app did not start; it has logged the reason."""


@asynccontextmanager
async def serve(app: Any, port: int = 0) -> AsyncIterator[str]:
    """Serve `app` while the context is open; yield its base URL, such as `http://127.0.0.1:49152`.

    Args:
        app: any ASGI application; its lifespan runs.
        port: the port on 127.0.0.1; 0 chooses a free one.

    Raises:
        StartError: the app did not start.
    """
    with socket.create_server(("127.0.0.1", port)) as listening:
        # No task group: an exception of the test must reach pytest as it is, not inside a group.
        server, task = begin(app, listening)
        try:
            await started(server, task)
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


def begin(app: Any, listening: socket.socket) -> tuple[uvicorn.Server, asyncio.Task[None]]:
    """Begin to serve an app; return its server, and the task that ends with it."""
    options = {**uvicorn_options("", 0), "loop": "none", "timeout_graceful_shutdown": _STOP_SECONDS}
    server = ServerBeside(uvicorn.Config(app, **options))
    return server, asyncio.create_task(_run(server, listening))


async def started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    """Wait until a server answers.

    Raises:
        StartError: the app did not start.
    """
    while not server.started:
        if task.done():
            raise StartError("the app did not start")
        await asyncio.sleep(_POLL_SECONDS)


ANY: Final = "*"
"""Stands for every operation."""


class ScriptedFaults:
    """The scripted faults of a provider, by operation. Each request uses up one fault, in order."""

    usual: ClassVar[str] = ANY
    """The operation that fails if none is named."""

    def __init__(self) -> None:
        self.delay = 0.0
        """Delay in seconds before every answer."""
        self._waiting: dict[str, deque[Response]] = {}

    def answer_next(self, response: Response, times: int = 1, *, on: str = "") -> None:
        """Answer the next requests of an operation with this response: broken JSON, a proxy's page, a redirect."""
        self._waiting.setdefault(on or self.usual, deque()).extend([response] * times)

    def hang_up_next(self, times: int = 1, *, on: str = "") -> None:
        """Close the connection in the middle of the next answers of an operation."""
        self.answer_next(CutAnswer(), times, on=on)

    async def next(self, operation: str) -> Response | None:
        """Wait for the delay, then return the next scripted response; None if there is none."""
        if self.delay:
            await asyncio.sleep(self.delay)
        queue = self._waiting.get(operation) or self._waiting.get(ANY)
        return queue.popleft() if queue else None


class CutAnswer(Response):
    """A response that is shorter than announced: the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers and half of the announced body."""
        headers = [(b"content-length", b"100"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"messag', "more_body": True})


Answer: TypeAlias = Callable[[Request], Awaitable[Response]]
"""Answers the requests of one operation."""


class Provider(Generic[M]):
    """A simulated provider: it posts webhooks, and tells its subscribers of every message that it accepts.

    Use it with `async with`. It connects for its first webhook; after `close`, webhooks fail as if the network were
    down.
    """

    faults: ScriptedFaults

    def __init__(self, user_agent: str = "a-provider") -> None:
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False
        self._subscribers: dict[str | int | None, list[Callable[[M], None]]] = {}

    def subscribe(self, callback: Callable[[M], None], address: str | int | None = None) -> Callable[[], None]:
        """Call a function with each accepted message, or with those to one address.

        Returns the function that unsubscribes.
        """
        callbacks = self._subscribers.setdefault(address, [])
        callbacks.append(callback)
        return lambda: callbacks.remove(callback)

    def publish(self, message: M, address: str | int) -> None:
        """Tell the subscribers of every message, and those of this address."""
        for callback in (*self._subscribers.get(None, ()), *self._subscribers.get(address, ())):
            callback(message)

    def unauthorized(self, request: Request) -> Response | None:
        """Return the refusal of a request without the service's credentials; None: it has them, or needs none."""
        return None

    def route(self, method: str, path: str, operation: str, answer: Answer) -> Route:
        """Return the route of an operation, which fails as scripted, and answers authorized requests alone."""

        async def endpoint(request: Request) -> Response:
            return await self.faults.next(operation) or self.unauthorized(request) or await answer(request)

        return Route(path, endpoint, methods=[method])

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session.

        Raises:
            aiohttp.ClientConnectionError: the provider is closed. A background task that still posts would leave an
            open session behind.
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

    async def __aenter__(self) -> Self:
        """Return the provider itself; `close` runs at the end."""
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
