"""`satark serve`: runs the server in production, in one process or several."""

import math
import socket
import sys
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import click
import uvicorn

from satark.api.observability import log
from satark.runtime.app import Place, build_app
from satark.runtime.host import ROLES, Host
from satark.runtime.http_server import (
    FORGET_SECONDS,
    Lifetime,
    ReplaceableServer,
    check_port,
    collect_rarely,
    run_server,
    uvicorn_options,
)
from satark.runtime.process_watch import lock_memory, serve_in_processes
from satark.settings.core import Core, Role
from satark.settings.settings import Settings
from satark.telemetry.logs import configure_logging
from satark_files.sandbox.core_dumps import forbid_dumps
from satark_files.sandbox.isolation import die_with_parent

F = TypeVar("F", bound=Callable[..., Any])


def read_roles(_ctx: object, _param: object, value: str) -> tuple[Role, ...]:
    """Read roles that are separated by commas, and sort them into a fixed order."""
    named = [part.strip() for part in value.split(",")]
    for role in named:
        if role not in ROLES:
            raise click.BadParameter(f"{role!r} is not one of {', '.join(ROLES)}")
    return tuple(role for role in ROLES if role in named)


def roles_option(text: str) -> Callable[[F], F]:
    """Add the option `--role`; its default is every role."""
    every = ",".join(ROLES)
    return click.option(
        "--role", "roles", metavar="ROLES", callback=read_roles, default=every, show_default=True, help=text
    )


@click.command()
@roles_option("What this process does.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen at.")
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Number of processes; one for each core serves a rush best.",
)
def serve(roles: tuple[Role, ...], host: str, port: int, workers: int) -> None:
    """Serve channels, background work and the officers' desk.

    The roles are web (the public channels), worker (the background work) and desk (the officers' pages). Only processes
    with the desk role ever hold a decrypted private key, so run that role on a machine of its own.
    """
    if workers > 1 and "desk" in roles:
        raise click.UsageError(
            "officers' sessions live in one process: run --role desk separately from --role web,worker"
        )
    settings = Settings()
    configure_logging(json=True)
    process = Host(settings, roles, is_alone=workers == 1)
    check_port(host, port)
    _announce(process, host, port)
    if workers == 1 and not settings.core.process_epochs:
        run_server(build_app(process, listen_for_metrics=True), host, port)
        return
    process.services.close()
    serve_in_processes([sys.executable, "-m", __name__, ",".join(roles)], (host, port), workers)


def _announce(process: Host, host: str, port: int) -> None:
    """Log the address; warn if no tip can be submitted."""
    log.info("serving", role=",".join(sorted(process.roles)), host=host, port=port)
    if process.waits:
        log.error("the database does not answer: calls, texts and forms are spooled, chats are sent again later")
    elif not process.services.desks():
        log.warning("no desk: tips can't be submitted until there is one, run `satark desk add`")


def lifetime_of(core: Core, roles: Collection[Role]) -> Lifetime:
    """Return when a process with these roles asks to be replaced. The desk alone waits until nobody is signed in."""
    epoch = core.epoch_minutes * 60
    seconds = core.process_epochs * epoch or math.inf
    return Lifetime(seconds, math.inf if set(roles) == {"desk"} else 2 * seconds, min(FORGET_SECONDS, epoch))


def _serve_as_one(role: str, listening: str, channel: str, number: str, is_alone: str) -> None:
    """Serve as one of the processes that the first process starts, until replaced."""
    die_with_parent()
    forbid_dumps()
    lock_memory()
    configure_logging(json=True)
    process = Host(Settings(), read_roles(None, None, role), is_alone=is_alone == "1")
    place = Place(int(number), socket.socket(fileno=int(channel)))
    app = build_app(process, listen_for_metrics=True, place=place)
    runtime, config = process.ingest_runtime, uvicorn.Config(app, **uvicorn_options("", 0))
    has_calls, is_busy = (runtime.carries_calls, runtime.is_busy) if runtime else (bool, bool)
    lifetime = lifetime_of(process.settings.core, process.roles)
    server = ReplaceableServer(config, place.channel, lifetime, process.pages, has_calls=has_calls, is_busy=is_busy)
    collect_rarely()
    server.run([socket.socket(fileno=int(listening))])
    place.channel.settimeout(None)
    place.channel.sendall(process.metrics.counts())


if __name__ == "__main__":
    _serve_as_one(*sys.argv[1:])
