"""What every command that works on the store begins with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from satark import assembly
from satark.plugins import Plugins
from satark.services import Services
from satark.settings import Settings


@contextmanager
def services_from_settings(ctx: click.Context) -> Iterator[Services]:
    """Open the store that the settings name, for one command.

    Settings and plugins that the command line has loaded already are taken from the context.

    Raises:
        SettingsError: the settings are wrong.
        click.ClickException: the database was not set up for this version.
        DBAPIError: the database does not answer.
    """
    settings = ctx.find_object(Settings) or Settings()
    plugins = ctx.find_object(Plugins) or assembly.load_plugins(settings)
    forwards = assembly.load_forwards(settings, plugins)
    services = assembly.load_services(settings, assembly.load_geography(settings), forwards)
    try:
        if assembly.migrations(services, plugins).pending():
            raise click.ClickException("the database is not set up for this version: run `satark db upgrade`")
        yield services
    finally:
        services.close()
