"""The command `satark`: its groups, and how a failure is told: one sentence, what to do next, never a traceback."""

from __future__ import annotations

import sys
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from satark import __version__
from satark.cli.check import check
from satark.cli.db import db
from satark.cli.deliveries import deliveries
from satark.cli.demo import demo
from satark.cli.flow import flow
from satark.cli.plugins import plugins
from satark.cli.serve import serve
from satark.plugins import PluginError, Plugins
from satark.settings import Settings, SettingsError

WRONG_CONFIGURATION = 78
"""Exit code for a configuration that is wrong (sysexits.h, EX_CONFIG)."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(version)s")
def cli() -> None:
    """Satark takes tips from frightened citizens and puts them, sealed, before the right officers.

    Settings come from satark.toml (path in SATARK_CONFIG) and from SATARK_… environment variables; `satark check`
    says what is wrong with them.
    """


for command in (serve, demo, check, db, deliveries, flow, plugins):
    cli.add_command(command)


def main() -> NoReturn:
    """Run the command."""
    try:
        _add_plugins_commands()
        status = cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        status = 130
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"{problem}", err=True)
        click.echo("`satark check` shows the whole configuration.", err=True)
        status = WRONG_CONFIGURATION
    except PluginError as error:
        click.echo(str(error), err=True)
        status = 1
    except DBAPIError as error:
        click.echo(
            f"the database does not answer ({type(error.orig).__name__}): is it running, and upgraded?", err=True
        )
        status = 1
    sys.exit(status or 0)


def _add_plugins_commands() -> None:
    """Let the plugins add their commands; what is wrong with them is told only by commands that need them."""
    try:
        Plugins.load(Settings().core.plugins).commands(cli)
    except (SettingsError, PluginError) as error:
        if "check" not in sys.argv[1:2] and "--help" not in sys.argv:
            raise
        click.echo(f"(plugins' commands are missing: {error})\n", err=True)
