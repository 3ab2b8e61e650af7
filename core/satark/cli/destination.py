"""`satark destination`: lists where tips go beyond the desks, and makes keys for destinations that read them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from satark.api.sealing import new_identity, recipient_of
from satark.roster.entries import desk_verifier
from satark.runtime import compose
from satark.runtime.commands import plugins_of, settings_of
from satark_files import atomic_files


@click.group()
def destination() -> None:
    """List destinations beyond the desks, and make their keys."""


@destination.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def keygen(file: Path) -> None:
    """Make a key pair for a destination that reads tips.

    Writes the private key to FILE (mode 0600) and prints the public keys, first the `recipient`.

    FILE belongs only on the machine that runs the sink. If FILE exists, the new key is put first and the old ones stay,
    so that tips sealed to them can still be opened. To change a key, run this again and then change `recipient`.
    """
    _recipient, identity = new_identity()
    try:
        older = file.read_text() if file.exists() else ""
        atomic_files.replace(file, [f"{identity}\n{older}".encode()])
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} can't be written ({type(error).__name__})") from None
    click.echo(recipient_of(identity))
    click.echo(f"verifier: {desk_verifier(identity)}", err=True)


@destination.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_(*, as_json: bool) -> None:
    """List the configured and the default destinations."""
    context = click.get_current_context()
    destination_rules = compose.load_destinations(settings_of(context), plugins_of(context))
    for one in destination_rules:
        if as_json:
            click.echo(json.dumps(one.model_dump(mode="json", exclude={"identity_file"})))
        else:
            kind = "reads tips" if one.recipient else "carries sealed tips"
            click.echo(f"{one.to:<30} for desk {one.desk or '-':<20} {kind}, from priority {one.priority}")
    if not destination_rules and not as_json:
        click.echo("tips go to the desks only: the settings have no [[destination]]")
