"""`satark serve`: production."""

from __future__ import annotations

import os
import socket
from typing import Any

import click
import uvicorn
from starlette.applications import Starlette

from satark.cli.roles import Roles, roles_option
from satark.identity.core_dumps import forbid_dumps
from satark.observability import log
from satark.routing.desks import all_desks
from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings import Role, SettingProblem, Settings, SettingsError
from satark.telemetry.logs import configure_logging

_ROLES = "SATARK_SERVE_ROLES"

STOP_SECONDS = 10
"""Seconds that requests under way have to end when the process is told to stop."""


@click.command()
@roles_option("What this process does.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen at.")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes (PostgreSQL only)."
)
def serve(roles: tuple[Role, ...], host: str, port: int, workers: int) -> None:
    """Serve: the public channels (web), the background work (worker), and the officers' desk (desk).

    Only processes with the desk role ever hold an opened private key, so put that role on a machine of its own.
    """
    settings = Settings()
    configure_logging(json=True)
    whole = Host(settings, roles)
    application = build_app(whole)
    if workers == 1:
        check_port(host, port)
        _announce(whole, host, port)
        uvicorn.run(application, **uvicorn_options(host, port))
        return
    if settings.database_url.startswith("sqlite"):
        message = "SQLite takes one process: use PostgreSQL for several"
        raise SettingsError([SettingProblem("database_url", "SATARK_DATABASE_URL", message)])
    if "desk" in roles:
        raise click.UsageError("officers' sessions live in one process: run --role desk beside --role web,worker")
    check_port(host, port)
    _announce(whole, host, port)
    os.environ[_ROLES] = ",".join(roles)
    uvicorn.run("satark.cli.serve:make_app", factory=True, workers=workers, **uvicorn_options(host, port))


def _announce(whole: Host, host: str, port: int) -> None:
    """Log where it serves, and what would keep every tip from arriving."""
    log.info("serving", role=",".join(sorted(whole.roles)), host=host, port=port)
    if not whole.services.read(all_desks):
        log.warning("no desk: tips wait with their senders until there is one, see `satark desk add`")


def make_app() -> Starlette:
    """Make the application of one of several processes."""
    forbid_dumps()
    configure_logging(json=True)
    roles = Roles().convert(os.environ[_ROLES], None, None)
    return build_app(Host(Settings(), roles))


def check_port(host: str, port: int) -> None:
    """Find out whether a port is free.

    Raises:
        click.ClickException: it is not, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            hint = "choose another with --port, or stop what listens there"
            raise click.ClickException(f"can't listen at {host}:{port} ({error.strerror}): {hint}") from None


def uvicorn_options(host: str, port: int) -> dict[str, Any]:
    """The server's settings: nothing is logged of a request, and nothing is told of the server."""
    return {
        "host": host,
        "port": port,
        "http": "httptools",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "log_config": None,  # what it says goes where all libraries' words go: see `configure_logging`
        "timeout_graceful_shutdown": STOP_SECONDS,
    }
