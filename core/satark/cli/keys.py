"""`satark keys`: changes the keys that are stored in files."""

from __future__ import annotations

from pathlib import Path

import click

from satark.runtime import compose
from satark.runtime.commands import open_services, settings_of
from satark.runtime.edge_key_change import CantChange, change_edge_key


@click.group()
def keys() -> None:
    """Change keys that are files."""


@keys.command("rotate-edge")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def rotate_edge(ctx: click.Context, file: Path) -> None:
    """Make a new edge key in FILE, and seal under it what was sealed under the present one; stop all processes before.

    Drafts, replies under way, reply addresses and receipts stay good. Whoever has the present key opens nothing that is
    sealed from then on. Put FILE in the place of the present key on every machine, then start. Keep the present key as
    long as earlier backups: only with it can they be restored.
    """
    settings = settings_of(ctx)
    with open_services(ctx) as services:
        identity = compose.load_identity(settings)
        compose.check_canaries(identity, services)
        try:
            count = change_edge_key(services, identity, settings.spool_dir, file)
        except CantChange as problem:
            raise click.ClickException(f"the edge key was not changed: {problem}") from None
        except FileExistsError:
            raise click.ClickException(f"{file} exists: give a new name") from None
        except OSError as error:
            raise click.ClickException(f"{file} can't be written ({error.strerror or error})") from None
    click.echo(
        f"{count} values are sealed under the key in {file}. Put it in the place of the old one on every machine."
    )
