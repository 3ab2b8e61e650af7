"""The commands of the audit log."""

from __future__ import annotations

from click.testing import CliRunner

from satark_testing.commands import installed_command


def test_the_installed_command_has_show_and_verify() -> None:
    result = CliRunner().invoke(installed_command(), ["audit", "--help"])
    assert "show" in result.output
    assert "verify" in result.output
