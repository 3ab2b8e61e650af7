"""Runs `satark` commands inside a test."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

import click
from click.testing import CliRunner, Result


@cache
def installed_command() -> click.Group:
    """Return the command `satark` as it is installed: the entry point `satark` of the group `satark.command`."""
    (found,) = entry_points(group="satark.command", name="satark")
    command: click.Group = found.load()
    return command


def run(*arguments: str, code: int = 0, text: str | None = None) -> Result:
    """Run a command with `text` as its input; return its result.

    Raises:
        AssertionError: the exit code is not `code`, or the command ended with a traceback.
    """
    result = CliRunner().invoke(installed_command(), arguments, input=text)
    if result.exit_code != code or "Traceback" in result.output:
        raise AssertionError(result.output)
    if not (result.exception is None or isinstance(result.exception, SystemExit)):
        raise AssertionError(result.exception)
    return result
