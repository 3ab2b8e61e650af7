"""The commands `satark officer passphrase`, `recover` and `approve-recovery`: an officer's own passphrase."""

from __future__ import annotations

from pathlib import Path

import click

from satark_desk.command_context import FILE, at_desk, open_services, unlocked_desk
from satark_desk.desk_commands import report_submitted
from satark_desk.officers import unlock_any
from satark_desk.own_passphrase import SamePassphrase, change_passphrase
from satark_desk.passphrase_strength import check_passphrase
from satark_desk.provision import read_passphrase
from satark_desk.recovery import approve_recovery, ask_for_recovery

_new_option = click.option(
    "--new-passphrase-file", type=FILE, required=True, help="File whose first line is the new passphrase."
)


@click.command("passphrase")
@at_desk
@_new_option
def passphrase(desk: str, passphrase_file: Path, new_passphrase_file: Path) -> None:
    """Change your own passphrase at DESK. Nobody else needs to know either."""
    with open_services() as services:
        old, new = read_passphrase(passphrase_file), read_passphrase(new_passphrase_file)
        unlocked = unlock_any(services, desk, old)
        try:
            change_passphrase(services, unlocked, old, new)
        except SamePassphrase:
            raise click.ClickException("the new passphrase is the present one: choose another") from None
        unlocked.casework(services).trail.record("passphrase_changed")
        click.echo(f"officer {unlocked.officer} of desk {desk} has a new passphrase")


@click.command("recover")
@click.argument("desk")
@click.argument("name")
@_new_option
def recover(desk: str, name: str, new_passphrase_file: Path) -> None:
    """Ask for a new key as officer NAME of DESK, who lost the passphrase or the second factor.

    It prints a code. Tell it to another officer of the desk, who approves with it.
    """
    with open_services() as services:
        new = read_passphrase(new_passphrase_file)
        check_passphrase(new, (desk, name), services.geography)
        asked = ask_for_recovery(services, desk, name, new)
        click.echo(f"fingerprint of the new key: {asked.fingerprint}")
        click.echo(f"tell another officer of the desk this code within 24 hours: {asked.code}")


@click.command("approve-recovery")
@at_desk
@click.argument("name")
@click.argument("code")
def approve(*, desk: str, name: str, code: str, passphrase_file: Path) -> None:
    """Approve, as another officer of DESK, that NAME gets a new key: they told you the CODE themselves."""
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        submitted = approve_recovery(services, unlocked, name, code)
        unlocked.casework(services).trail.record("recovery_approved", detail=name)
        done = f"officer {name} of desk {desk} can sign in with the new passphrase"
        report_submitted(submitted, f"the new key of officer {name} of desk {desk}", done)


COMMANDS = (passphrase, recover, approve)
"""The commands of this module, to be added to `satark officer`."""
