"""The table of commands lists the existing ones, and each command is imported on first use."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from satark.cli.command_table import SAYS, CommandTable


def test_the_list_has_the_first_sentence_of_each_commands_help() -> None:
    table = CommandTable(SAYS)
    for name, says in SAYS.items():
        command = table[name]
        assert (command.name, command.get_short_help_str(1000)) == (name, says)


@pytest.mark.slow("a process")
def test_listing_the_commands_imports_none() -> None:
    code = (
        "import sys; from satark.cli.command_table import SAYS, CommandTable; list(CommandTable(SAYS)); "
        "sys.exit(' '.join({'satark.cli.backup', 'satark.cli.serve', 'sqlalchemy'} & set(sys.modules)) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_a_command_that_is_added_is_listed_and_can_be_removed() -> None:
    table, command = CommandTable(SAYS), click.Command("more")
    table["more"] = command
    assert (table["more"], len(table)) == (command, len(SAYS) + 1)
    del table["more"]
    assert list(table) == list(SAYS)
    with pytest.raises(KeyError):
        table["more"]
