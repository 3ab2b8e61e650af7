"""Contract for `satark_commands`: what a command of a plugin begins with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from satark.plugins.loader import Plugins
from satark.runtime import compose
from satark.services import ProcessServices, Services
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.telemetry.logs import configure_logging

if TYPE_CHECKING:
    from satark.api.carrier import Carrier
    from satark_words.geography.geography import Geography

DESK: tuple[Role, ...] = ("desk",)

__all__ = ["configure_logging", "geography_of", "open_services", "plugins_of", "serve_desk", "settings_of"]


def settings_of(ctx: click.Context) -> Settings:
    """Give the settings, read once an invocation: `meta` is shared by its nested contexts.

    Raises:
        SettingsError: the core's own are wrong.
    """
    settings: Settings = ctx.meta.get("satark.settings.settings") or Settings()
    ctx.meta["satark.settings.settings"] = settings
    return settings


def plugins_of(ctx: click.Context) -> Plugins:
    """Give the plugins that the settings name, loaded once an invocation.

    Raises:
        SettingsError: the core's own settings are wrong.
        PluginError: a plugin can't be used.
    """
    plugins: Plugins = ctx.meta.get("satark.plugins") or compose.load_plugins(settings_of(ctx))
    ctx.meta["satark.plugins"] = plugins
    return plugins


@contextmanager
def open_services(ctx: click.Context) -> Iterator[Services]:
    """Open the store that the settings name, for one command.

    Raises:
        SettingsError: the settings are wrong.
        click.ClickException: the database was not set up for this version.
        DBAPIError: the database does not answer.
    """
    settings, plugins = settings_of(ctx), plugins_of(ctx)
    destination_rules = compose.load_destinations(settings, plugins)
    services = compose.load_services(settings, compose.load_geography(settings), destination_rules)
    try:
        if compose.migrations(services, plugins).pending():
            raise click.ClickException("the database is not set up for this version: run `satark db upgrade`")
        yield services
    finally:
        services.close()


def geography_of(ctx: click.Context) -> Geography:
    """Load the districts and stations that the settings name.

    Raises:
        SettingsError: the file can't be read.
    """
    return compose.load_geography(settings_of(ctx))


def serve_desk(
    ctx: click.Context,
    *,
    host: str,
    port: int,
    background: Callable[[ProcessServices, Sequence[Carrier]], Callable[[], Awaitable[None]]],
) -> None:
    """Serve the officers' pages alone, in this process, with a background task beside them.

    Args:
        ctx: the command's context.
        host: the address to listen at.
        port: the port to listen at.
        background: makes the task, an endless one that is restarted when it fails.

    Raises:
        SettingsError: the settings are wrong.
        click.ClickException: the port is taken, or the address is not this machine's.
    """
    from satark.runtime.app import build_app  # noqa: PLC0415 - other commands serve nothing
    from satark.runtime.host import Host  # noqa: PLC0415
    from satark.runtime.http_server import run_server  # noqa: PLC0415

    settings = settings_of(ctx)
    configure_logging(json=True)
    process = Host(settings, DESK)
    process.background["office"] = background(process.services, process.plugins.carriers(settings))
    run_server(build_app(process, listen_for_metrics=True), host, port)
