"""The commands `satark desk …` and `satark officer …`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from satark.commands import open_services
from satark.desk import LEVELS, Level
from satark.officer import all_desks
from satark.tip import STATUSES, Status
from satark_desk import exports, tables_text
from satark_desk.failures import explained
from satark_desk.keys import new_passphrase
from satark_desk.officers import (
    NewDesk,
    Opened,
    add_officer,
    listeners_of,
    make_desk,
    officers_of,
    remove_officer,
    rotate,
    unlock_any,
)
from satark_desk.records import tip_record
from satark_desk.setup import read_passphrase

if TYPE_CHECKING:
    from satark.services import Services

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
passphrase_option = click.option(
    "--passphrase-file", type=FILE, required=True, help="File whose first line is an officer's passphrase."
)


@click.group("desk")
def desk_group() -> None:
    """Desks: the offices that receive tips, and what they do with them."""


@desk_group.command("add")
@click.argument("name")
@click.option("--title", default="", help="The office, as officers read it.")
@click.option("--level", type=click.Choice(LEVELS), default="district", show_default=True)
@click.option("--area", default="", help="Code of its unit in the geography; none: everywhere.")
@click.option("--officer", default="", help="Name of its first officer; none: the desk's.")
@click.option("--passphrase-file", type=FILE, help="File whose first line is the officer's passphrase.")
@click.pass_context
def add(
    ctx: click.Context, *, name: str, title: str, level: Level, area: str, officer: str, passphrase_file: Path | None
) -> None:
    """Make the desk NAME with a key of its own and its first officer."""
    with open_services(ctx) as services, explained():
        passphrase = read_passphrase(passphrase_file) if passphrase_file else new_passphrase()
        officer = officer or name
        new = NewDesk(name=name, title=title or name, level=level, area=area, officer=officer, passphrase=passphrase)
        make_desk(services, new)
        _tell_new(officer, name, None if passphrase_file else passphrase)


@desk_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List the desks and their officers."""
    with open_services(ctx) as services, explained():
        desks = services.read(all_desks)
        officers = services.read(lambda c: {desk.name: officers_of(c, desk.name) for desk in desks})
        listeners = services.read(lambda c: {desk.name: listeners_of(c, desk.name) for desk in desks})
        if as_json:
            for desk in desks:
                fields = {"name": desk.name, "title": desk.title, "level": desk.level, "area": desk.area}
                people = {"officers": officers[desk.name], "listeners": listeners[desk.name]}
                _line({**fields, "recipient": desk.recipient, **people})
        else:
            click.echo(tables_text.desks(desks, officers))


@desk_group.command("rotate")
@click.argument("desk")
@passphrase_option
@click.pass_context
def rotate_(ctx: click.Context, desk: str, passphrase_file: Path) -> None:
    """Give DESK a new key. Officers keep their passphrases; whoever is signed in signs in again."""
    with opened_desk(ctx, desk, passphrase_file) as (services, opened):
        rotate(services, opened)
        click.echo(f"desk {desk} has a new key")


@desk_group.command("tips")
@click.argument("desk")
@passphrase_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, everything in it.")
@click.pass_context
def tips(ctx: click.Context, desk: str, passphrase_file: Path, *, as_json: bool) -> None:
    """Open the tips of DESK, the newest first."""
    with opened_desk(ctx, desk, passphrase_file) as (services, opened):
        casework = opened.casework(services)
        summaries = casework.summaries()
        if as_json:
            for summary in summaries:
                _line(tip_record(casework.open(summary.id)))
        else:
            click.echo(tables_text.tips(summaries))
        if casework.unreadable:
            click.echo(f"envelopes that do not open: {casework.unreadable}; tell whoever runs the service", err=True)


@desk_group.command("evidence")
@click.argument("desk")
@click.argument("number")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@passphrase_option
@click.option("--originals", is_flag=True, help="The files as received; takes two officers.")
@click.option("--second-passphrase-file", type=FILE, help="Another officer's passphrase, for --originals.")
@click.pass_context
def evidence(
    ctx: click.Context,
    *,
    desk: str,
    number: str,
    folder: Path,
    passphrase_file: Path,
    second_passphrase_file: Path | None,
    originals: bool,
) -> None:
    """Write the files of tip NUMBER into FOLDER: the clean copies, or the originals."""
    with opened_desk(ctx, desk, passphrase_file) as (services, opened):
        casework = opened.casework(services)
        tip = casework.open(number)
        second = second_officer(services, desk, second_passphrase_file) if originals else None
        agreed = exports.agree(casework, tip, opened, second) if second else None
        for file in exports.export(casework, tip, folder, agreed):
            click.echo(file)
        for remark in exports.remarks(tip):
            click.echo(remark, err=True)
        for voice in () if agreed else tip.voices:
            click.echo(f"file {voice.ordinal} is the tipster's own voice: it is heard at the desk alone", err=True)


@desk_group.command("respond")
@click.argument("desk")
@click.argument("number")
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), required=True)
@click.option("--message", default="", help="What the tipster is told.")
@click.option("--question", is_flag=True, help="The message asks for an answer; with NEED_INFO it always does.")
@passphrase_option
@click.pass_context
def respond(
    ctx: click.Context, *, desk: str, number: str, status: Status, message: str, question: bool, passphrase_file: Path
) -> None:
    """Set the status of tip NUMBER, and tell or ask the tipster something."""
    if question and not message.strip():
        raise click.UsageError("--question needs a --message")
    with opened_desk(ctx, desk, passphrase_file) as (services, opened):
        casework = opened.casework(services)
        casework.respond(casework.open(number), status=status, text=message.strip(), question=question)
        click.echo(f"{number}: {status}")


@desk_group.command("direct")
@click.argument("desk")
@click.argument("number")
@click.option("--to", "to_desk", required=True, help="The desk that gets the tip as well.")
@click.option("--instruction", required=True, help="What that desk is to do; the tipster never sees it.")
@passphrase_option
@click.pass_context
def direct(
    ctx: click.Context, *, desk: str, number: str, to_desk: str, instruction: str, passphrase_file: Path
) -> None:
    """Hand tip NUMBER to another desk as well, with an instruction."""
    with opened_desk(ctx, desk, passphrase_file) as (services, opened):
        casework = opened.casework(services)
        casework.direct(casework.open(number), to_desk, instruction.strip())
        click.echo(f"{number}: directed to {to_desk}")


@click.group("officer")
def officer_group() -> None:
    """Officers: who can open a desk's tips."""


@officer_group.command("add")
@click.argument("desk")
@click.argument("name")
@passphrase_option
@click.option("--new-passphrase-file", type=FILE, help="File whose first line is the new officer's passphrase.")
@click.option("--may-listen", is_flag=True, help="They may hear tipsters' voices, disguised; without it, read alone.")
@click.pass_context
def officer_add(
    ctx: click.Context,
    *,
    desk: str,
    name: str,
    passphrase_file: Path,
    new_passphrase_file: Path | None,
    may_listen: bool,
) -> None:
    """Let NAME open the tips of DESK. An officer of the desk must give their passphrase."""
    with opened_desk(ctx, desk, passphrase_file) as (services, opened):
        passphrase = read_passphrase(new_passphrase_file) if new_passphrase_file else new_passphrase()
        add_officer(services, opened, name, passphrase, may_listen=may_listen)
        _tell_new(name, desk, None if new_passphrase_file else passphrase)


@officer_group.command("remove")
@click.argument("desk")
@click.argument("name")
@passphrase_option
@click.pass_context
def officer_remove(ctx: click.Context, desk: str, name: str, passphrase_file: Path) -> None:
    """Take NAME off DESK and change the desk's key. Another officer of the desk must give their passphrase."""
    with opened_desk(ctx, desk, passphrase_file) as (services, opened):
        remove_officer(services, opened, name)
        click.echo(f"officer {name} is removed; desk {desk} has a new key")


@contextmanager
def opened_desk(ctx: click.Context, desk: str, passphrase_file: Path) -> Iterator[tuple[Services, Opened]]:
    """Open a desk for a command; what goes wrong inside is told in a sentence."""
    with open_services(ctx) as services, explained():
        yield services, unlock_any(services, desk, read_passphrase(passphrase_file))


def second_officer(services: Services, desk: str, file: Path | None) -> Opened:
    """Unlock the desk with the passphrase of the other officer that originals take."""
    if file is None:
        raise click.UsageError("--originals needs another officer: --second-passphrase-file")
    return unlock_any(services, desk, read_passphrase(file))


def _tell_new(officer: str, desk: str, passphrase: str | None) -> None:
    click.echo(f"officer {officer} of desk {desk} is set up")
    if passphrase:
        click.echo(f"passphrase, shown this once: {passphrase}")


def _line(record: dict[str, object]) -> None:
    click.echo(json.dumps(record, ensure_ascii=False))
