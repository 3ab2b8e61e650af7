"""`satark plugins`: lists the installed plugins, and which of them are loaded."""

from __future__ import annotations

import json

import click

from satark.plugins.loader import installed
from satark.settings.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def plugins(*, as_json: bool) -> None:
    """List the installed plugins, and which are loaded.

    The setting `plugins` names those that are loaded.
    """
    loaded = set(Settings().core.plugins)
    for name in installed():
        if as_json:
            click.echo(json.dumps({"name": name, "loaded": name in loaded}))
        else:
            click.echo(f"{name:<20} {'loaded' if name in loaded else 'installed, not loaded'}")
    for name in sorted(loaded - set(installed())):
        click.echo(f"{name:<20} named in the setting `plugins`, but not installed", err=True)
