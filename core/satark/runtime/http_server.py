"""The HTTP server: uvicorn, set up so that it logs nothing of a request and waits for no client endlessly."""

from __future__ import annotations

import gc
import socket
from typing import TYPE_CHECKING, Any, Final

import click
import uvicorn

if TYPE_CHECKING:
    from starlette.applications import Starlette

STOP_SECONDS = 10
"""Seconds that requests under way have to end when the process is told to stop."""

_COLLECT_AFTER: Final = 5_000
"""New objects after which garbage is looked for; Python's own number is 700. Measured: 5 % of a message's time."""

CONNECTION_CLASS = "satark.runtime.connections:TimedConnection"
"""Import path of the class of a connection: a path, since each of several processes imports it."""


def run_server(app: Starlette, host: str, port: int) -> None:
    """Serve an application in this process until it is told to stop.

    Raises:
        click.ClickException: the port is taken, or the address is not this machine's.
    """
    check_port(host, port)
    collect_rarely()
    uvicorn.run(app, **uvicorn_options(host, port))


def collect_rarely() -> None:
    """Look for garbage less often, and never among what the process is made of. Call it once it is put together."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])


def check_port(host: str, port: int) -> None:
    """Make sure that a port is free.

    Raises:
        click.ClickException: it is not, or the address is not this machine's.
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
    """Return the server's settings: nothing is logged of a request, and nothing is told of the server."""
    return {
        "host": host,
        "port": port,
        "http": CONNECTION_CLASS,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "log_config": None,  # its messages go where all libraries' messages go: see `configure_logging`
        "timeout_graceful_shutdown": STOP_SECONDS,
    }
