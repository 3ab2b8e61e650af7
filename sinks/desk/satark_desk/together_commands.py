"""The commands of `satark desk` for related tips, merged ones, and officers who recuse themselves."""

from __future__ import annotations

from pathlib import Path

import click

from satark.casework import DeskAct, RelatedTip
from satark_desk import terminal_tables
from satark_desk.case_commands import act_command, desk_work, json_option, language_option
from satark_desk.command_context import on_tip, print_json
from satark_desk.web.page_text import PageText


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


@act_command("readmit")
@click.option("--officer", required=True, help="Who said that they have to do with it.")
@click.option("--reason", default="", help="Why they get it back; no tipster ever sees it.")
def readmit(*, officer: str, reason: str) -> DeskAct:
    """Give tip NUMBER back to an officer of DESK who recused themselves from it."""
    return DeskAct(name="readmit", to=officer, text=reason.strip())


@click.command("related")
@on_tip
@language_option
@json_option
def related(*, desk: str, number: str, passphrase_file: Path, language: str, as_json: bool) -> None:
    """List the tips of DESK that are related to tip NUMBER, each with the reasons: a plate, a place, a picture …"""
    with desk_work(desk, passphrase_file) as work:
        found = work.casework.related_tips(work.casework.open(number))
        if as_json:
            for one in found:
                print_json({"number": one.summary.header.number, "reasons": dict(one.reasons)})
        else:
            click.echo(_related_table(found, work.text(language)))


@act_command("unmerge")
def unmerge() -> DeskAct:
    """Undo that tip NUMBER was merged into another: it gets the status that it had before."""
    return DeskAct(name="unmerge")


def _related_table(found: list[RelatedTip], text: PageText) -> str:
    head = (text("col.number"), text("status"), text("category"), text("related"))
    return terminal_tables.table(head, [
        (
            one.summary.header.number,
            text.status(one.summary.status),
            text.category(one.summary.header.category),
            " · ".join(text(f"related.{reason}", n=number) for reason, number in one.reasons.items()),
        )
        for one in found
    ])  # fmt: skip


COMMANDS = (related, unmerge, recuse, readmit)
