"""Runs `satark` commands inside a test."""

from __future__ import annotations

from click.testing import CliRunner, Result

from satark.cli.main import cli


def run(*arguments: str, code: int = 0, text: str | None = None) -> Result:
    """Run a command with `text` as its input; return its result.

    Raises:
        AssertionError: the exit code is not `code`, or the command ended with a traceback.
    """
    result = CliRunner().invoke(cli, arguments, input=text)
    if result.exit_code != code or "Traceback" in result.output:
        raise AssertionError(result.output)
    if not (result.exception is None or isinstance(result.exception, SystemExit)):
        raise AssertionError(result.exception)
    return result
