"""The commands `satark retention hold`, `lift` and `order`: the steps of retention that take two officers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from satark.api import RetentionStep
from satark.casework import TipKeeping
from satark_desk.command_context import FILE, on_tip, unlocked_desk
from satark_desk.officers import unlock_any
from satark_desk.provision import read_passphrase


@click.group("retention")
def retention_group() -> None:
    """Keeping and erasing tips."""


def _command(step: RetentionStep, done: str) -> Callable[..., None]:
    @on_tip
    @click.option("--second-passphrase-file", type=FILE, required=True, help="File with another officer's passphrase.")
    @click.option("--reason", required=True, help="Why, such as the court and the number of the case.")
    def take(*, desk: str, number: str, passphrase_file: Path, second_passphrase_file: Path, reason: str) -> None:
        """Ask for a step as one officer, and agree as the other. If the other may not agree, the request remains."""
        with unlocked_desk(desk, passphrase_file) as (services, unlocked):
            second = unlock_any(services, desk, read_passphrase(second_passphrase_file))
            first_work, second_work = unlocked.casework(services), second.casework(services)
            TipKeeping(services, first_work).ask(first_work.open(number), step, reason.strip())
            TipKeeping(services, second_work).agree(second_work.open(number))
        click.echo(f"{number}: {done}")

    return take


retention_group.command("hold", help="Put tip NUMBER under a legal hold: nothing erases it, whatever its term says.")(
    _command("ask_hold", "held")
)
retention_group.command("lift", help="Lift the legal hold of tip NUMBER.")(_command("ask_lift", "no longer held"))
retention_group.command(
    "order", help="Order the erasure of tip NUMBER, whose term is over; the scheduled job carries it out."
)(_command("ask_erasure", "to be erased"))
