"""The commands of `satark desk` for who works on a tip: an officer stands aside, and another lets them in again."""

from __future__ import annotations

from pathlib import Path

import click

from satark.officer import DeskAct
from satark_desk.case_commands import act_on, desk_work, json_option, on_tip, print_json


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


COMMANDS = (recuse, readmit)
