"""What every command that works on the store begins with, and how it gives up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from satark import assembly
from satark.plugins import Plugins
from satark.services import Services
from satark.settings import Settings


class FriendlyError(Exception):
    """A command can't go on; the message says why, and what to do."""


@contextmanager
def services_from_settings(ctx: click.Context) -> Iterator[Services]:
    """Open the store that the settings name, for one command.

    Settings and plugins that the command line has loaded already are taken from the context.

    Raises:
        SettingsError: the settings are wrong.
        FriendlyError: the database was not set up for this version.
        DBAPIError: the database does not answer.
    """
    settings = ctx.find_object(Settings) or Settings()
    plugins = ctx.find_object(Plugins) or assembly.load_plugins(settings)
    services = assembly.load_services(settings, assembly.load_geography(settings))
    try:
        if assembly.migrations(services, plugins).pending():
            raise FriendlyError("the database is not set up for this version: run `satark db upgrade`")
        yield services
    finally:
        services.main.dispose()
        services.keys.dispose()
