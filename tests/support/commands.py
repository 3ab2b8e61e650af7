"""Runs commands inside a test: those of `satark`, and those of a plugin alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.testing import CliRunner, Result

from satark.api.services import COMMAND_HOST
from satark.cli.main import cli
from satark.runtime.command_host import CommandHost

if TYPE_CHECKING:
    from types import ModuleType


def run(*arguments: str, code: int = 0, text: str | None = None) -> Result:
    """Run a command of `satark` with `text` as its input; return its result.

    Raises:
        AssertionError: the exit code is not `code`, or the command ended with a traceback.
    """
    result = CliRunner().invoke(cli, arguments, input=text)
    if result.exit_code != code or "Traceback" in result.output:
        raise AssertionError(result.output)
    if not (result.exception is None or isinstance(result.exception, SystemExit)):
        raise AssertionError(result.exception)
    return result


def commands_of(plugin: ModuleType) -> click.Group:
    """Return a group with the commands that a plugin's module adds."""

    @click.group("satark")
    @click.pass_context
    def group(ctx: click.Context) -> None:
        ctx.meta[COMMAND_HOST] = CommandHost(ctx)

    plugin.satark_commands(group)
    return group
