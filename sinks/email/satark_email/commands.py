"""The command `satark email`."""

from __future__ import annotations

from typing import BinaryIO

import click
from sqlalchemy.exc import SQLAlchemyError

from satark.api import command_host
from satark_email.bounces import read_bounce, record_bounce
from satark_email.settings import EmailSettings

MAX_BYTES = 64 << 20
"""Bytes of a mail that are read at most; a bounce may contain the whole mail that came back."""
_EX_TEMPFAIL = 75  # sysexits.h: the mail server keeps the mail and retries


@click.group("email")
def email_group() -> None:
    """E-mail to offices."""


@email_group.command()
@click.argument("mail", type=click.File("rb"), default="-")
@click.pass_context
def bounce(ctx: click.Context, mail: BinaryIO) -> None:
    """Process a MAIL that came to the sender's mailbox (default: standard input, for a mail server's pipe).

    If it reports that one of our mails could not be delivered, that delivery becomes a dead letter: see
    `satark deliveries dead`. Any other mail is ignored. Nothing is ever answered.
    """
    host = command_host(ctx)
    settings = host.settings
    section = settings.section("email", EmailSettings)
    if section is None:
        raise click.ClickException("e-mail is not configured: set SATARK_EMAIL__HOST and SATARK_EMAIL__SENDER")
    found = read_bounce(mail.read(MAX_BYTES))
    if found is None:
        click.echo("this mail reports no failure: nothing to do")
        return
    try:
        with host.open_services() as services:
            ours = services.write_now(
                lambda unit: record_bounce(services, unit, found, section.sender, settings.core.alarm_to)
            )
    except SQLAlchemyError:
        click.echo("the database does not answer: process this mail again later", err=True)
        ctx.exit(_EX_TEMPFAIL)
    click.echo("dead letter recorded: see `satark deliveries dead`" if ours else "no delivery matches this mail")
