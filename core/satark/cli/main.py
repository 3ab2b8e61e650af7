"""The command `satark`: its groups, and its error messages: one sentence and what to do next, never a traceback."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from satark import __version__
from satark.cli.audit import audit
from satark.cli.backup import backup, restore, verify
from satark.cli.canary import canary
from satark.cli.check import check
from satark.cli.cost import cost
from satark.cli.db import db
from satark.cli.deliveries import deliveries
from satark.cli.demo import demo
from satark.cli.deploy import deploy
from satark.cli.destination import destination
from satark.cli.evidence import evidence
from satark.cli.flow import flow
from satark.cli.geography import geography
from satark.cli.keys import keys
from satark.cli.language import language_group
from satark.cli.plugin import plugin
from satark.cli.plugins import plugins
from satark.cli.qr import qr
from satark.cli.replay import replay
from satark.cli.retention import retention
from satark.cli.roster import roster
from satark.cli.serve import serve
from satark.cli.synthetic_tip import probe_command
from satark.cli.voice import voice
from satark.commands import plugins_of
from satark.identity.core_dumps import forbid_dumps
from satark.plugins.loader import PluginError
from satark.settings import SettingsError
from satark.terminal import safe_output


class _Failure(click.ClickException):
    """A failure that is printed as sentences, without a traceback."""

    def show(self, file: Any = None) -> None:
        """Print the message to standard error."""
        click.echo(self.format_message(), err=True)


class _WrongConfiguration(_Failure):
    exit_code = 78  # sysexits.h, EX_CONFIG


class _Satark(click.Group):
    """The group of all commands: the core's, and those of the plugins that the settings name."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command; load the plugins only if the core does not have it."""
        own = super().get_command(ctx, cmd_name)
        if isinstance(own, click.Group):
            return _SharedGroup(own)
        return own or _plugins_group(ctx).get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all commands; where the plugins can't be loaded, only the core's."""
        try:
            return sorted({*super().list_commands(ctx), *_plugins_group(ctx).list_commands(ctx)})
        except (SettingsError, PluginError):
            return super().list_commands(ctx)

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the program. No control character of what it prints reaches the terminal."""
        with safe_output():
            return super().main(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; turn expected failures into messages."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            advice = "`satark check` shows the whole configuration."
            raise _WrongConfiguration(f"{error}\n{advice}") from error
        except PluginError as error:
            raise _Failure(str(error)) from error
        except DBAPIError as error:
            kind = type(error.orig).__name__
            raise _Failure(f"the database does not answer ({kind}): check that it is running and upgraded") from error
        except OSError as error:
            if error.filename is None:
                raise
            raise _Failure(f"{error.filename} can't be used: {error.strerror}") from error


class _SharedGroup(click.Group):
    """A group of the core to which plugins add commands, by a group of the same name."""

    def __init__(self, own: click.Group) -> None:
        super().__init__(
            own.name,
            own.commands,
            help=own.help,
            short_help=own.short_help,
            callback=own.callback,
            params=own.params,
            invoke_without_command=own.invoke_without_command,
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command; load the plugins only if the core does not have it."""
        found = super().get_command(ctx, cmd_name)
        shared = None if found else _plugins_group(ctx).get_command(ctx, self.name or "")
        return shared.get_command(ctx, cmd_name) if isinstance(shared, click.Group) else found

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all commands; where the plugins can't be loaded, only the core's."""
        try:
            shared = _plugins_group(ctx).get_command(ctx, self.name or "")
        except (SettingsError, PluginError):
            return super().list_commands(ctx)
        more = shared.list_commands(ctx) if isinstance(shared, click.Group) else []
        return sorted({*super().list_commands(ctx), *more})


def _plugins_group(ctx: click.Context) -> click.Group:
    """Load the plugins' commands, once per invocation."""
    if __name__ not in ctx.meta:
        ctx.meta[__name__] = click.Group()
        plugins_of(ctx).commands(ctx.meta[__name__])
    group: click.Group = ctx.meta[__name__]
    return group


@click.group(cls=_Satark, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(version)s")
def cli() -> None:
    """Satark takes crime tips from citizens and delivers them, sealed, to the right officers.

    Settings come from satark.toml (path in SATARK_CONFIG) and from SATARK_… environment variables; `satark check`
    reports what is wrong with them.
    """


COMMANDS = (
    serve, demo, check, db, deliveries, flow, destination, plugin, plugins, audit, canary, evidence, qr, retention,
    replay, roster, voice, geography, language_group, backup, restore, verify, deploy, keys, cost,
    probe_command,
)  # fmt: skip
for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the command; the entry point of the program."""
    forbid_dumps()
    cli(prog_name="satark")
