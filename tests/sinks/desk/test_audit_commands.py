"""The commands of the audit log."""

from __future__ import annotations

from click.testing import CliRunner

from satark.cli.main import cli


def test_the_installed_command_has_show_and_verify() -> None:
    result = CliRunner().invoke(cli, ["audit", "--help"])
    assert "show" in result.output
    assert "verify" in result.output
