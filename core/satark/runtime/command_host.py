"""Loads the settings, plugins and store of a command. `CommandHost` offers the same to the commands of plugins."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property

import click

from satark.api.prompt import Prompt
from satark.api.sink import Carrier
from satark.dialogue.flow.definition import Flow, FlowError, FlowSource
from satark.dialogue.flow.loader import configured_flow, load_flow
from satark.dialogue.rendering.every_prompt import every_prompt
from satark.plugins.loader import Plugins
from satark.runtime import compose
from satark.services import ProcessServices, Services
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.telemetry.logs import configure_logging
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography

DESK: tuple[Role, ...] = ("desk",)


class CommandHost:
    """The services that the host offers to the commands of plugins: the contract's `CommandHost`."""

    def __init__(self, ctx: click.Context) -> None:
        self._ctx = ctx

    @property
    def settings(self) -> Settings:
        return settings_of(self._ctx)

    def geography(self) -> Geography:
        return compose.load_geography(self.settings)

    def flow(self) -> Flow:
        plugins = plugins_of(self._ctx)
        with _flow_problems():
            return load_flow(self._source, plugins.step_types(), plugins.validators())

    def catalogues(self) -> Catalogues:
        with _flow_problems():
            return self._source.catalogues

    def every_prompt(self, channel: str, *, filled: bool = True) -> Iterator[tuple[str, Prompt]]:
        return every_prompt(self.flow(), self.catalogues(), self.geography(), channel, filled=filled)

    def open_services(self) -> AbstractContextManager[Services]:
        return open_services(self._ctx)

    def serve_desk(
        self,
        *,
        host: str,
        port: int,
        background: Callable[[ProcessServices, Sequence[Carrier]], Callable[[], Awaitable[None]]],
    ) -> None:
        from satark.runtime.app import build_app  # noqa: PLC0415 - other commands serve nothing
        from satark.runtime.host import Host  # noqa: PLC0415
        from satark.runtime.http_server import run_server  # noqa: PLC0415

        configure_logging(json=True)
        process = Host(self.settings, DESK)
        process.background["office"] = background(process.services, process.plugins.carriers(self.settings))
        run_server(build_app(process, listen_for_metrics=True), host, port)

    @cached_property
    def _source(self) -> FlowSource:
        return configured_flow(self.settings.core.flow, self.settings.core.languages)


@contextmanager
def _flow_problems() -> Iterator[None]:
    """Turn the problems of a flow into the error message of a command."""
    try:
        yield
    except (FlowError, OSError) as error:
        raise click.ClickException(str(error)) from None


def settings_of(ctx: click.Context) -> Settings:
    """Return the settings, read once per invocation: its nested contexts share `meta`.

    Raises:
        SettingsError: the core's own settings are wrong.
    """
    settings: Settings = ctx.meta.get("satark.settings.settings") or Settings()
    ctx.meta["satark.settings.settings"] = settings
    return settings


def plugins_of(ctx: click.Context) -> Plugins:
    """Return the plugins that the settings name, loaded once per invocation.

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
        if problem := compose.migrations(services, plugins).problem():
            raise click.ClickException(problem)
        yield services
    finally:
        services.close()
