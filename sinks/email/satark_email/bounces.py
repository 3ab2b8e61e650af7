"""Bounces: find the delivery that a returned mail belongs to, and the status codes in it; never an address.

The command `satark email bounce` processes each mail that comes to the sender's mailbox.

Source: RFC 3464 (delivery status notifications), sections 2.1 and 2.3; RFC 3463 (enhanced status codes).
"""

import email
import re
from collections.abc import Iterator
from email.message import Message
from email.policy import compat32
from typing import BinaryIO

import click
import msgspec
from sqlalchemy.exc import SQLAlchemyError

from satark.api import Services, UnitOfWork, command_host
from satark_email.mime import message_id
from satark_email.settings import EmailSettings

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ORIGINAL = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"})
MAX_BYTES = 64 << 20
"""Most bytes of a mail that are read; a bounce may contain the whole mail that came back."""
_EX_TEMPFAIL = 75  # sysexits.h: the mail server keeps the mail and retries


class Bounce(msgspec.Struct, frozen=True):
    """A mail that a server accepted and could not deliver later."""

    message_id: str
    """The Message-ID of the mail that came back, in angle brackets."""
    statuses: tuple[str, ...]
    """The enhanced status codes of the failed recipients, such as `5.1.1`, sorted. A recipient may have none."""


def read_bounce(mail: bytes) -> Bounce | None:
    """Parse a mail that came to the sender's mailbox.

    Return None if the mail reports no failure (a delay, an automatic reply), or can't be parsed.
    """
    try:
        return _read(mail)
    except Exception:  # noqa: BLE001 - a mail server sends a command's traceback to the stranger who made it crash
        return None


def _read(mail: bytes) -> Bounce | None:
    # Newer policies parse each header, and a stranger can write a header that crashes this parser (IndexError).
    report = email.message_from_bytes(mail, policy=compat32)
    failed = [fields for fields in _recipients(report) if str(fields["Action"]).strip().lower() == "failed"]
    original = next(filter(None, map(_message_id, report.walk())), "")
    if not failed or not original:
        return None
    found = (_STATUS.search(str(fields["Status"])) for fields in failed)
    return Bounce(original, tuple(sorted({status.group() for status in found if status})))


def record_bounce(services: Services, unit: UnitOfWork, bounce: Bounce, sender: str) -> bool:
    """Turn the delivery whose mail came back into a dead letter; False if no delivery matches.

    A bounce can't be forged: the Message-ID has 16 random bytes that only mail servers on the way have seen.
    """
    return services.mark_returned(
        unit,
        "email",
        lambda key: message_id(key, sender) == bounce.message_id,
        reason=" ".join(("the mail came back:", *bounce.statuses)).rstrip(":"),
    )


def _recipients(report: Message) -> Iterator[Message]:
    """Yield the fields of each recipient. The first block of a status is about the whole mail and has no Action."""
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            yield from (block for block in part.get_payload() if isinstance(block, Message))


def _message_id(part: Message) -> str:
    """Return the Message-ID of the mail that came back, if this part holds that mail or its headers."""
    if part.get_content_type() not in _ORIGINAL:
        return ""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) else email.message_from_string(str(payload), policy=compat32)
    # A long field is folded: the id stands on a line of its own.
    return "".join(str(inner["Message-ID"] or "").split()) if isinstance(inner, Message) else ""


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
    section = host.settings.section("email", EmailSettings)
    if section is None:
        raise click.ClickException("e-mail is not configured: set SATARK_EMAIL__HOST and SATARK_EMAIL__SENDER")
    found = read_bounce(mail.read(MAX_BYTES))
    if found is None:
        click.echo("this mail reports no failure: nothing to do")
        return
    try:
        with host.open_services() as services:
            ours = services.write_now(lambda unit: record_bounce(services, unit, found, section.sender))
    except SQLAlchemyError:
        click.echo("the database does not answer: process this mail again later", err=True)
        ctx.exit(_EX_TEMPFAIL)
    click.echo("dead letter recorded: see `satark deliveries dead`" if ours else "no delivery matches this mail")
