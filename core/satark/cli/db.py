"""`satark db`: migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from alembic.util import CommandError

from satark.runtime import compose
from satark.settings import Settings
from satark.store.migrations import Migrations


@click.group()
def db() -> None:
    """Bring the databases into shape, or take them back."""


@db.command()
def upgrade() -> None:
    """Bring both databases to the newest revision."""
    with _opened() as migrations:
        if not migrations.pending():
            click.echo("nothing to do")
            return
        migrations.upgrade()
        click.echo(f"now at {', '.join(sorted(migrations.current()))}")


@db.command()
@click.argument("revision")
@click.confirmation_option(prompt="This removes tables and what is in them. Go on?")
def downgrade(revision: str) -> None:
    """Take the main database back to REVISION: `core@-1`, `base`, or `<plugin>@base` for a plugin's tables."""
    with _opened() as migrations:
        try:
            migrations.downgrade(revision)
        except CommandError as error:
            raise click.ClickException(f"{error}: `satark db current` shows where the databases are") from None
        click.echo(f"now at {', '.join(sorted(migrations.current())) or 'nothing'}")


@db.command()
def current() -> None:
    """Show the revisions that the databases are at."""
    with _opened() as migrations:
        for revision in sorted(migrations.current()):
            click.echo(revision)
        if migrations.pending():
            click.echo("an upgrade is due: satark db upgrade", err=True)


@contextmanager
def _opened() -> Iterator[Migrations]:
    settings = Settings()
    plugins = compose.load_plugins(settings)
    services = compose.load_services(settings, compose.load_geography(settings))
    try:
        yield compose.migrations(services, plugins)
    finally:
        services.close()
