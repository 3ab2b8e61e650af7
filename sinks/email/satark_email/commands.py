"""The command `satark email`."""

from __future__ import annotations

from typing import BinaryIO

import click
from sqlalchemy.exc import SQLAlchemyError

from satark.commands import open_services, settings_of
from satark_email.bounces import bury, read_bounce
from satark_email.settings import EmailSettings

MOST = 64 << 20
"""Most bytes of a mail that are read; a bounce may hold the whole mail that came back."""
_LATER = 75  # sysexits.h, EX_TEMPFAIL: the mail server keeps the mail and tries again


@click.group("email")
def email_group() -> None:
    """Mail to offices."""


@email_group.command()
@click.argument("mail", type=click.File("rb"), default="-")
@click.pass_context
def bounce(ctx: click.Context, mail: BinaryIO) -> None:
    """Take a MAIL that came to the sender's mailbox (standard input, for a mail server's pipe).

    Where it says that one of our mails was given up, that delivery becomes a dead letter: see `satark deliveries dead`.
    Everything else is left alone, and no answer goes to anybody.
    """
    settings = settings_of(ctx)
    section = settings.section("email", EmailSettings)
    if section is None:
        raise click.ClickException("no mail is configured: set SATARK_EMAIL__HOST and SATARK_EMAIL__SENDER")
    found = read_bounce(mail.read(MOST))
    if found is None:
        click.echo("this mail reports no failure: nothing done")
        return
    try:
        with open_services(ctx) as services:
            ours = services.write_now(lambda unit: bury(unit, found, section.sender, settings.core.alarm_to))
    except SQLAlchemyError:
        click.echo("the database does not answer: give this mail again later", err=True)
        ctx.exit(_LATER)
    click.echo("a dead letter: see `satark deliveries dead`" if ours else "it is about no delivery that we know of")
