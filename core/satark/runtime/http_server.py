"""The HTTP server: uvicorn in one process or several. Its setup logs nothing about a request.

Of several processes the first only watches the others, and replaces a process that ends by itself. This module imports
next to nothing, so that the first process takes little memory.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import socket
import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
import uvicorn
from uvicorn.importer import import_from_string

from satark_files.sandbox.isolation import die_with_parent

if TYPE_CHECKING:
    from starlette.applications import Starlette


STOP_SECONDS = 10
"""Seconds that requests under way have to end when the process is told to stop."""

_COLLECT_AFTER: Final = 5_000
"""Number of new objects that starts a garbage collection. Python's default is 700; this saves 5 % of a message."""

_APP: Final = "SATARK_SERVE_APP"
"""Environment variable with the import path of the function that makes the application."""

CONNECTION_CLASS = "satark.runtime.connections:TimedConnection"
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
    """Make sure that a port is free.

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


def serve_in_processes(app: str, host: str, port: int, number: int) -> NoReturn:
    """Serve with several processes until told to stop. This process becomes the first, and its open files are closed.

    Args:
        app: import path of the function that makes the application of one process: `module:function`.
        host: the address to listen at.
        port: the port to listen at.
        number: the number of serving processes.
    """
    command = [sys.executable, "-m", __name__, host, str(port), str(number)]
    os.execve(sys.executable, command, os.environ | {_APP: app})  # noqa: S606 - our own module


def make_app() -> Starlette:
    """Make the application of one of several processes. Its process ends when the first one ends, even by a kill."""
    die_with_parent()
    first = multiprocessing.parent_process()
    if first is not None and not first.is_alive():  # it ended before the kernel was asked
        raise SystemExit(1)
    application: Starlette = import_from_string(os.environ[_APP])()
    return application


def _watch(host: str, port: str, number: str) -> None:
    options = uvicorn_options(host, int(port))
    uvicorn.run("satark.runtime.http_server:make_app", factory=True, workers=int(number), **options)


if __name__ == "__main__":
    _watch(*sys.argv[1:])
