"""The HTTP server: uvicorn, alone or in a process that another one replaces. It logs nothing about a request."""

import asyncio
import contextlib
import gc
import math
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import click
import uvicorn
from starlette.applications import Starlette

from satark.api.web import Page
from satark.runtime.process_watch import LEFT, OLD, RETIRE

STOP_SECONDS = 10
"""Seconds that requests under way have to end when the process is told to stop."""
RETIRE_SECONDS: Final = 600
"""Seconds that requests have when the process is replaced: for a slow upload, or a large file of a provider."""
FORGET_SECONDS: Final = 300
"""Seconds after the last officer was signed out in which a process is replaced; an epoch, if that is shorter."""

_COLLECT_AFTER: Final = 5_000
"""Number of new objects that starts a garbage collection. Python's default is 700; this saves 5 % of a message."""

CONNECTION_CLASS = "satark.runtime.http_connections:TimedConnection"
"""Import path of the class of a connection. It is a path, because each of several processes imports the class."""


def run_server(app: Starlette, host: str, port: int) -> None:
    """Serve an application in this process until it is told to stop.

    Raises:
        click.ClickException: the port is taken, or the address is not this machine's.
    """
    check_port(host, port)
    collect_rarely()
    uvicorn.run(app, **uvicorn_options(host, port))


def collect_rarely() -> None:
    """Collect garbage less often, and never examine the present objects. Call this once the process is set up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])


def check_port(host: str, port: int) -> None:
    """Check that a port is free.

    Raises:
        click.ClickException: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            hint = "choose another with --port, or stop what listens there"
            raise click.ClickException(f"can't listen at {host}:{port} ({error.strerror}): {hint}") from None


def uvicorn_options(host: str, port: int) -> dict[str, Any]:
    """Return uvicorn's settings: it logs nothing about a request, and tells clients nothing about the server."""
    return {
        "host": host,
        "port": port,
        "http": CONNECTION_CLASS,
        "ws": "none",  # else a library that is installed by chance would serve WebSockets
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "log_config": None,  # its messages go where all libraries' messages go: see `configure_logging`
        "timeout_graceful_shutdown": STOP_SECONDS,
    }


class ServerBeside(uvicorn.Server):
    """A server that leaves the process's signals to the rest of the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Lifetime(NamedTuple):
    """When a process asks to be replaced, in seconds."""

    normal: float
    """since its start, once nobody is signed in nor calls"""
    longest: float
    """since its start, whoever is signed in or calls"""
    after_use: float
    """since the last officer was signed out"""


class ReplaceableServer(uvicorn.Server):
    """A server that asks the first process to be replaced after some time, and ends once all requests are answered.

    `channel`: the socket to the first process. `pages`: the pages at which somebody may be signed in. `has_calls`:
    whether somebody calls. `is_busy`: whether a reply, file or call is under way.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        channel: socket.socket,
        lifetime: Lifetime,
        pages: Sequence[Page],
        *,
        has_calls: Callable[[], bool],
        is_busy: Callable[[], bool],
    ) -> None:
        super().__init__(config)
        self._channel, self._pages = channel, pages
        self._has_calls, self._is_busy = has_calls, is_busy
        now, self._after_use = time.monotonic(), lifetime.after_use
        self._asks_at, self._asks_latest = now + lifetime.normal, now + lifetime.longest
        self._forgets_at = math.inf  # as long as nobody was signed in
        self._has_asked = False
        self._ends_at: float | None = None  # set once it is replaced

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start. The first process may replace this one from then on."""
        await super().startup(sockets)
        asyncio.get_running_loop().add_signal_handler(RETIRE, self._retire)

    async def on_tick(self, counter: int) -> bool:
        """Ask to be replaced when it is time. Once replaced, return whether all requests are answered."""
        if not self._has_asked and self._is_due(time.monotonic()):
            self._has_asked = True
            self._channel.sendall(OLD)
        has_work = self.server_state.connections or self.server_state.tasks or self._is_busy()
        has_ended = self._ends_at is not None and (time.monotonic() >= self._ends_at or not has_work)
        return await super().on_tick(counter) or has_ended

    def _is_due(self, now: float) -> bool:
        is_used = self._is_used()
        if is_used:
            self._forgets_at = now + self._after_use
        is_old = now >= min(self._asks_at, self._forgets_at) and not is_used and not self._has_calls()
        return is_old or now >= self._asks_latest

    def _is_used(self) -> bool:
        return any(page.in_use() for page in self._pages)

    def _retire(self) -> None:
        """Take no new connection, and let each one end after its answer. Nothing is cut off.

        Stay instead if somebody signed in since the process asked.
        """
        now = time.monotonic()
        if self._ends_at is not None or (now < self._asks_latest and self._is_used()):
            return
        for page in self._pages:
            page.leave()
        self._ends_at = now + RETIRE_SECONDS
        self.config.encoded_headers.append((b"connection", b"close"))
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for server in self.servers:
            server.close()
        self._channel.sendall(LEFT)
