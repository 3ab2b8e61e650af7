"""`satark db`: migrations of both databases."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import click
from alembic.util import CommandError

from satark.custody.comparison import accept_losses, find_losses, find_missing
from satark.custody.machine_notes import retire
from satark.runtime import compose
from satark.runtime.command_host import open_services, settings_of
from satark.services import Services
from satark.settings.settings import Settings
from satark.store.migrations import Migrations, UnknownRevision


@click.group()
def db() -> None:
    """Upgrade or downgrade the databases."""


@db.command()
def upgrade() -> None:
    """Upgrade both databases to the newest revision."""
    with _opened() as (services, migrations):
        if not migrations.pending():
            click.echo("already at the newest revision")
            return
        is_known = migrations.is_noted or services.roster.is_known
        if migrations.current() and not is_known:  # it can't tell whether they were set back
            raise click.ClickException("this machine is new: upgrade on one that has used these databases")
        try:
            migrations.upgrade()
        except UnknownRevision as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"now at {', '.join(sorted(migrations.current()))}")


@db.command()
@click.argument("revision")
@click.confirmation_option(prompt="This removes tables and their content. Continue?")
def downgrade(revision: str) -> None:
    """Downgrade the main database to REVISION.

    REVISION is `base`, or, for a plugin's tables, `<plugin>@-1` or `<plugin>@base`.
    """
    with _opened() as (_, migrations):
        try:
            migrations.downgrade(revision)
        except CommandError as error:
            raise click.ClickException(f"{error}: `satark db current` shows the current revisions") from None
        click.echo(f"now at {', '.join(sorted(migrations.current())) or 'nothing'}")


@db.command()
def current() -> None:
    """Show the current revisions of both databases."""
    with _opened() as (_, migrations):
        for revision in sorted(migrations.current()):
            click.echo(revision)
        if problem := migrations.problem():
            click.echo(problem, err=True)


@db.command()
@click.confirmation_option(prompt="This erases every unfinished tip, and every address to reply to. Continue?")
@click.pass_context
def forget_drafts(ctx: click.Context) -> None:
    """Erase the drafts and reply addresses whose epoch keys are lost.

    Use it after the loss of the epoch keys' files on all machines. Submitted tips stay. A machine that runs and has
    such keys destroys them.
    """
    with open_services(ctx) as services:
        erased = compose.give_up_drafts(compose.load_identity(settings_of(ctx)), services)
    click.echo(f"erased {erased} drafts; other epoch keys are made")


@db.command()
@click.confirmation_option(prompt="What the databases lack is lost for good then. Continue?")
@click.pass_context
def accept_loss(ctx: click.Context) -> None:
    """Take databases that lack tips as they are, after the restore of an older copy."""
    with open_services(ctx) as services:
        lost = [*find_losses(services), *find_missing(services)]
        accept_losses(services)
    click.echo("\n".join(["nothing is missing any more", *(f"lost: {one}" for one in lost)]))


@db.command()
@click.argument("code")
@click.pass_context
def forget_machine(ctx: click.Context, code: str) -> None:
    """Expect no further note of a machine that is gone for good: CODE is in brackets in the fault that names it."""
    with open_services(ctx) as services:
        if not retire(services, code):
            raise click.ClickException(f"no machine's code begins with {code}")
    click.echo("no further note of this machine is expected")


@contextmanager
def _opened() -> Iterator[tuple[Services, Migrations]]:
    settings = Settings()
    with closing(compose.load_services(settings, compose.load_geography(settings))) as services:
        yield services, compose.migrations(services, compose.load_plugins(settings))
