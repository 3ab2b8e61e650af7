"""The commands `satark retention hold`, `lift` and `order`: the steps about keeping a tip that take two officers."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click

from satark.api import RetentionStep
from satark.casework import TipKeeping
from satark_desk.commands import FILE, passphrase_option, unlocked_desk
from satark_desk.officers import unlock_any
from satark_desk.provision import read_passphrase

_second_option = click.option(
    "--second-passphrase-file", type=FILE, required=True, help="File with another officer's passphrase."
)
_reason_option = click.option("--reason", required=True, help="Why, such as the court and the number of the case.")


@click.group("retention")
def retention_group() -> None:
    """Keeping and erasing tips."""


@retention_group.command("hold")
@click.argument("desk")
@click.argument("number")
@passphrase_option
@_second_option
@_reason_option
@click.pass_context
def hold(
    ctx: click.Context, *, desk: str, number: str, passphrase_file: Path, second_passphrase_file: Path, reason: str
) -> None:
    """Put tip NUMBER under a legal hold: nothing erases it, whatever its term says."""
    _take(ctx, desk, (passphrase_file, second_passphrase_file), number, _Step("ask_hold", reason))
    click.echo(f"{number}: held")


@retention_group.command("lift")
@click.argument("desk")
@click.argument("number")
@passphrase_option
@_second_option
@_reason_option
@click.pass_context
def lift(
    ctx: click.Context, *, desk: str, number: str, passphrase_file: Path, second_passphrase_file: Path, reason: str
) -> None:
    """Lift the legal hold of tip NUMBER."""
    _take(ctx, desk, (passphrase_file, second_passphrase_file), number, _Step("ask_lift", reason))
    click.echo(f"{number}: no longer held")


@retention_group.command("order")
@click.argument("desk")
@click.argument("number")
@passphrase_option
@_second_option
@_reason_option
@click.pass_context
def order(
    ctx: click.Context, *, desk: str, number: str, passphrase_file: Path, second_passphrase_file: Path, reason: str
) -> None:
    """Order the erasure of tip NUMBER, whose term is over; the scheduled job carries it out."""
    _take(ctx, desk, (passphrase_file, second_passphrase_file), number, _Step("ask_erasure", reason))
    click.echo(f"{number}: to be erased")


class _Step(NamedTuple):
    kind: RetentionStep
    reason: str


def _take(ctx: click.Context, desk: str, files: tuple[Path, Path], number: str, step: _Step) -> None:
    """Ask for a step as one officer, and agree to it as the other; it stays asked for if the other may not agree."""
    with unlocked_desk(ctx, desk, files[0]) as (services, unlocked):
        second = unlock_any(services, desk, read_passphrase(files[1]))
        first_work, second_work = unlocked.casework(services), second.casework(services)
        TipKeeping(services, first_work).ask(first_work.open(number), step.kind, step.reason.strip())
        TipKeeping(services, second_work).agree(second_work.open(number))
