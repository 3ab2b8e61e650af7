"""The commands of `satark desk` for who works on a tip: recusal, its undoing, and the hand-over of a shift."""

from __future__ import annotations

from pathlib import Path

import click

from satark.casework import MOST_TIPS, BulkAct, DeskAct
from satark_desk.case_commands import act_on, at_desk, desk_work, json_option, on_tip, print_json
from satark_desk.tip_queue import Filter
from satark_desk.together_commands import report_outcomes


@click.command("recuse")
@on_tip
@json_option
def recuse(*, desk: str, number: str, passphrase_file: Path, as_json: bool) -> None:
    """Say that you have to do with the people of tip NUMBER: from then on you don't have it any more.

    Another officer of DESK can let you in again with `readmit`.
    """
    with desk_work(desk, passphrase_file) as work:
        tip = work.casework.open(number)
        work.acts().perform(tip, DeskAct(name="recuse"))
        if as_json:
            print_json({"number": tip.tip.number, "recused": work.unlocked.officer})
        else:
            click.echo(f"{tip.tip.number}: officer {work.unlocked.officer} does not have it any more")


@click.command("readmit")
@on_tip
@click.option("--officer", required=True, help="Who said that they have to do with it.")
@click.option("--reason", default="", help="Why they get it back; no tipster ever sees it.")
@json_option
def readmit(*, desk: str, number: str, passphrase_file: Path, officer: str, reason: str, as_json: bool) -> None:
    """Give tip NUMBER back to an officer of DESK who recused themselves from it."""
    act_on(desk, number, passphrase_file, DeskAct(name="readmit", to=officer, text=reason.strip()), as_json=as_json)


@click.command("hand-over")
@at_desk
@click.argument("numbers", nargs=-1)
@click.option("--to", "officer", required=True, help="The officer of DESK who takes over.")
@click.option("--note", default="", help="For whoever takes over; only DESK reads it.")
@json_option
def hand_over(
    *, desk: str, passphrase_file: Path, numbers: tuple[str, ...], officer: str, note: str, as_json: bool
) -> None:
    """Assign the tips NUMBERS to another officer of DESK, with a note; without NUMBERS all that are assigned to you.

    What is refused of some is named, and the command then fails; the others are handed over.
    """
    act = BulkAct(kind="assign", to=officer, text=note.strip())
    with desk_work(desk, passphrase_file) as work:
        held = numbers or [row.summary.header.number for row in work.rows(Filter(mark="mine"))]
        if not held:
            raise click.ClickException("no tip is assigned to you")
        parts = (held[at : at + MOST_TIPS] for at in range(0, len(held), MOST_TIPS))
        outcomes = [one for part in parts for one in act.perform_all(work.acts(), work.casework, part)]
        text = work.text("en")
    report_outcomes(outcomes, text, as_json=as_json)


COMMANDS = (recuse, readmit, hand_over)
