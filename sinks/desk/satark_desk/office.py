"""The commands for a desk in an office of its own: the cards by which host and office come to know each other, and
`satark desk serve`, which runs the office."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
import msgspec
from sqlalchemy import Connection, select

from satark.commands import open_services, serve_desk, settings_of
from satark.desk import LEVELS, Desk, Level
from satark.office import (
    CardError,
    HostCard,
    LinkKey,
    LinkKeyError,
    OfficeAgent,
    OfficeCard,
    OfficeInbox,
    fingerprint,
    host_of,
    join,
    load_link_key,
    office_card,
    read_card,
    register,
    resend,
)
from satark.settings import SettingProblem, SettingsError
from satark_desk.failures import explained
from satark_desk.officers import unlock_any
from satark_desk.setup import read_passphrase
from satark_desk.sink import enqueue
from satark_desk.tables import officer

if TYPE_CHECKING:
    from satark.carrier import Carrier
    from satark.services import ProcessServices

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("card")
@click.argument("desk")
@click.option("--passphrase-file", type=_FILE, required=True, help="File whose first line is an officer's passphrase.")
@click.pass_context
def card(ctx: click.Context, desk: str, passphrase_file: Path) -> None:
    """At an office: print the card of DESK, which the host is given. Nothing in it is secret."""
    with _explained(), open_services(ctx) as services:
        opened = unlock_any(services, desk, read_passphrase(passphrase_file))
        _print(office_card(desk, opened.identity, _link_key(ctx)))


@click.command("host-card")
@click.pass_context
def host_card(ctx: click.Context) -> None:
    """At the host: print its card, which every office is given. Nothing in it is secret."""
    with _explained():
        _print(HostCard(link=_link_key(ctx).card))


@click.command("register")
@click.argument("card_file", type=_FILE)
@click.option("--title", default="", help="The office, as officers read it.")
@click.option("--level", type=click.Choice(LEVELS), default="district", show_default=True)
@click.option("--area", default="", help="Code of its unit in the geography; none: everywhere.")
@click.option("--via", default="rabbitmq", show_default=True, help="The sink that reaches it.")
@click.pass_context
def register_(ctx: click.Context, *, card_file: Path, title: str, level: Level, area: str, via: str) -> None:
    """At the host: add the desk of an office's CARD_FILE. What the office may know follows from --level and --area."""
    with _explained(), open_services(ctx) as services:
        found = read_card(card_file.read_text("utf-8"), OfficeCard)
        desk = Desk(
            name=found.desk, title=title or found.desk, level=level, area=area, recipient=found.recipient, via=via
        )
        services.write_now(lambda unit: register(unit, desk, found))
        click.echo(f"desk {desk.name} is in an office of its own; compare with its officers: {fingerprint(found)}")


@click.command("resend")
@click.argument("desk")
@click.pass_context
def resend_(ctx: click.Context, desk: str) -> None:
    """At the host: send the office of DESK all its tips once more, after it lost its store or dead letters."""
    with _explained(), open_services(ctx) as services:
        count = services.write_now(lambda unit: resend(unit, desk))
        click.echo(f"{count} tips are sent to {desk} once more")


@click.command("join")
@click.argument("card_file", type=_FILE)
@click.pass_context
def join_(ctx: click.Context, card_file: Path) -> None:
    """At an office: make this store the office of the host of CARD_FILE."""
    with _explained(), open_services(ctx) as services:
        found = read_card(card_file.read_text("utf-8"), HostCard)
        services.write_now(lambda unit: join(unit, found))
        click.echo(f"this is an office of the host {fingerprint(found)}")


@click.command("serve")
@click.option("--from", "url", envvar="SATARK_DESK_FROM", required=True, help="The broker; also SATARK_DESK_FROM.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen at.")
@click.pass_context
def serve(ctx: click.Context, *, url: str, host: str, port: int) -> None:
    """Run an office: take its desks' tips from a broker, serve its officers, send their answers back."""
    with _explained():
        serve_desk(
            ctx, host=host, port=port, background=lambda services, carriers: _agent(ctx, services, carriers, url)
        )


def _agent(
    ctx: click.Context, services: ProcessServices, carriers: Sequence[Carrier], url: str
) -> Callable[[], Awaitable[None]]:
    """Make the office's background task: it takes what comes, and sends what officers wrote."""
    carrier, key = _carrier(carriers, url), _link_key(ctx)
    link = services.read(host_of)
    if link is None:
        raise click.ClickException("this is no office yet: get the host's card and run `satark desk join`")
    desks = services.read(_own_desks)
    if not desks:
        raise click.ClickException("this office has no desk yet: run `satark desk add`")
    inbox = OfficeInbox(services, key, link, desks, enqueue)
    agent = OfficeAgent(services=services, carrier=carrier, url=url, key=key, host=link, desks=desks, arrivals=inbox)
    return agent.run


def _own_desks(connection: Connection) -> list[str]:
    """Desks with officers here; the others are the host's, to which tips may be directed."""
    return list(connection.execute(select(officer.c.desk).distinct().order_by(officer.c.desk)).scalars())


def _carrier(carriers: Sequence[Carrier], url: str) -> Carrier:
    scheme = urlsplit(url).scheme
    for carrier in carriers:
        if scheme in carrier.schemes:
            try:
                carrier.check(url)
            except ValueError as error:
                raise click.UsageError(f"--from {error}") from None
            return carrier
    known = ", ".join(f"{known}://" for carrier in carriers for known in carrier.schemes) or "none is loaded"
    raise click.UsageError(f"no plugin connects to {scheme}:// (there are: {known})")


def _link_key(ctx: click.Context) -> LinkKey:
    settings = settings_of(ctx)
    try:
        return load_link_key(settings.link_key_file)
    except LinkKeyError as error:
        raise SettingsError([SettingProblem("link_key_file", "SATARK_LINK_KEY_FILE", str(error))]) from None


def _print(found: OfficeCard | HostCard) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    click.echo(f"fingerprint: {fingerprint(found)}", err=True)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        with explained():
            yield
    except CardError as error:
        raise click.ClickException(str(error)) from None
