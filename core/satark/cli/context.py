"""What every command that works on the store begins with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from satark.plugins.loader import Plugins
from satark.runtime import compose
from satark.services import Services
from satark.settings import Settings


def settings_of(ctx: click.Context) -> Settings:
    """Give the settings, read once an invocation: `meta` is shared by its nested contexts.

    Raises:
        SettingsError: the core's own are wrong.
    """
    settings: Settings = ctx.meta.get("satark.settings") or Settings()
    ctx.meta["satark.settings"] = settings
    return settings


def plugins_of(ctx: click.Context) -> Plugins:
    """Give the plugins that the settings name, loaded once an invocation.

    Raises:
        SettingsError: the core's own settings are wrong.
        PluginError: a plugin can't be used.
    """
    plugins: Plugins = ctx.meta.get("satark.plugins.loader") or compose.load_plugins(settings_of(ctx))
    ctx.meta["satark.plugins.loader"] = plugins
    return plugins


@contextmanager
def services_from_settings(ctx: click.Context) -> Iterator[Services]:
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
