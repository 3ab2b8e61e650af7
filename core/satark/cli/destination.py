"""`satark destination`: makes keys for destinations that read tips."""

from __future__ import annotations

from pathlib import Path

import click

from satark.api.sealing import new_identity, recipient_of
from satark.roster.entries import desk_verifier
from satark_files import atomic_files


@click.group()
def destination() -> None:
    """Make the keys of destinations beyond the desks."""


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
