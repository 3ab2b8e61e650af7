"""Installed commands run inside a test, and an unexpected exit code fails the test."""

from __future__ import annotations

import pytest

from satark import __version__
from satark_testing.commands import installed_command, run


def test_the_installed_command_runs_and_its_output_is_returned() -> None:
    assert run("--version").stdout.strip() == __version__
    assert installed_command() is installed_command()


def test_another_exit_code_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="No such command"):
        run("nonsense")
    assert "No such command" in run("nonsense", code=2).stderr
