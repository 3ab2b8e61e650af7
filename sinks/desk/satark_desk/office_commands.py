"""Commands for a desk in a remote office: pair it with the host (`pairing-file`, `register`, `join`), and run it."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import click
import msgspec
from sqlalchemy import select

from satark.api import LEVELS, Carrier, Desk, Level
from satark.casework import (
    DeskAdded,
    HostPairing,
    LinkKey,
    OfficeAgent,
    OfficePairing,
    ProcessServices,
    check_desk,
    host_of,
    join,
    link_office,
    register,
    resend,
)
from satark_desk.command_context import FILE, at_desk, current_host, open_services, report_errors, unlocked_desk
from satark_desk.desk_commands import report_submitted
from satark_desk.roster_changes import RosterAttachment, submit_unsigned
from satark_desk.sink import enqueue
from satark_desk.tables import officer


@click.command("pairing-file")
@at_desk
def pairing_file(desk: str, passphrase_file: Path) -> None:
    """At an office: print the pairing file of DESK for the host. It contains public keys only."""
    with unlocked_desk(desk, passphrase_file) as (_, unlocked):
        _print(OfficePairing.of(desk, unlocked.identity, LinkKey.load(current_host().settings.link_key_file)))


@click.command("host-pairing-file")
def host_pairing_file() -> None:
    """At the host: print its pairing file for every office. It contains public keys only."""
    with open_services() as services:
        link = LinkKey.load(current_host().settings.link_key_file).public_keys
        _print(HostPairing(link=link, roster=services.roster_state().head))


@click.command("register")
@click.argument("pairing_file", type=FILE)
@click.option("--title", default="", help="The name of the office, as officers see it.")
@click.option("--level", type=click.Choice(LEVELS), default="district", show_default=True)
@click.option("--area", default="", help="Code of its unit in the geography; none: all units.")
@click.option("--via", default="rabbitmq", show_default=True, help="The sink that delivers to the office.")
def register_(*, pairing_file: Path, title: str, level: Level, area: str, via: str) -> None:
    """At the host: add the desk of an office's PAIRING_FILE, or take its link keys if the desk is listed already.

    --level and --area decide which tips the office gets.
    """
    with open_services() as services:
        pairing = OfficePairing.read(pairing_file.read_text("utf-8"))
        desk = Desk(
            name=pairing.desk, title=title or pairing.desk, level=level, area=area, recipient=pairing.recipient, via=via
        )
        state = services.roster_state()
        listed = state.desks.get(desk.name)
        if state.closed:
            if listed is None or (listed.desk.recipient, listed.verifier) != (desk.recipient, pairing.answer_verifier):
                check_desk(desk, services.geography)
                body = DeskAdded(desk=desk, verifier=pairing.answer_verifier)
                report_submitted(submit_unsigned(services, body, RosterAttachment()), f"desk {desk.name}")
            services.write_now(lambda unit: link_office(unit, pairing))
        else:
            services.write_now(lambda unit: register(unit, desk, pairing))
            click.echo(f"desk {desk.name} is registered")
        click.echo(f"compare this fingerprint with its officers: {pairing.fingerprint}")


@click.command("resend")
@click.argument("desk")
def resend_(desk: str) -> None:
    """At the host: send all tips of DESK to its office again, after it lost its store or had dead letters."""
    with open_services() as services:
        count = services.write_now(lambda unit: resend(unit, desk))
        click.echo(f"{count} {'tip is' if count == 1 else 'tips are'} sent to {desk} again")


@click.command("join")
@click.argument("pairing_file", type=FILE)
def join_(pairing_file: Path) -> None:
    """At an office: join the host of PAIRING_FILE."""
    with open_services() as services:
        pairing = HostPairing.read(pairing_file.read_text("utf-8"))
        services.write_now(lambda unit: join(unit, pairing))
        click.echo(f"this office has joined the host; compare this fingerprint: {pairing.fingerprint}")


@click.command("serve")
@click.option("--from", "url", envvar="SATARK_DESK_FROM", required=True, help="The broker; also SATARK_DESK_FROM.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
def serve(*, url: str, host: str, port: int) -> None:
    """Run an office: receive its desks' tips from a broker, serve its officers, send their answers back."""
    with report_errors():
        current_host().serve_desk(
            host=host,
            port=port,
            background=lambda services, carriers: _agent(cast("ProcessServices", services), carriers, url),
        )


COMMANDS = (pairing_file, host_pairing_file, register_, resend_, join_, serve)
"""The commands of this module, to be added to `satark desk`."""


def _agent(services: ProcessServices, carriers: Sequence[Carrier], url: str) -> Callable[[], Awaitable[None]]:
    """Return the office's background task: it receives tips and sends officers' answers."""
    carrier, link = _carrier(carriers, url), services.read(host_of)
    if link is None:
        raise click.ClickException(
            "this office has not joined a host: get the host's pairing file and run `satark desk join`"
        )
    # The other desks are the host's; tips may be directed to them.
    own = select(officer.c.desk).distinct().order_by(officer.c.desk)
    desks = services.read(lambda c: list(c.execute(own).scalars()))
    if not desks:
        raise click.ClickException("this office has no desk: run `satark desk add`")
    key = LinkKey.load(current_host().settings.link_key_file, create=False)
    agent = OfficeAgent(
        services=services,
        carrier=carrier,
        url=url,
        key=key,
        host=link,
        desks=desks,
        tip_stored=lambda unit, _desk, tip, revision: enqueue(unit, {tip: revision}),
    )
    return agent.run


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


def _print(pairing: OfficePairing | HostPairing) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(pairing)).decode())
    click.echo(f"fingerprint: {pairing.fingerprint}", err=True)
