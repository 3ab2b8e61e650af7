"""The commands of `satark desk` for several tips or officers: related tips, floods, bulk acts, recusal, hand-over."""

from __future__ import annotations

from pathlib import Path

import click

from satark.api import Priority
from satark.casework import (
    BULK_KINDS,
    MOST_TIPS,
    BulkAct,
    BulkKind,
    BulkOutcome,
    DeskAct,
    FloodGroup,
    RelatedTip,
    flood_groups,
)
from satark_desk import terminal_tables
from satark_desk.case_commands import act_command, desk_work, json_option, language_option
from satark_desk.command_context import at_desk, on_tip, print_json
from satark_desk.tip_queue import PRIORITIES, Filter
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


@click.command("floods")
@at_desk
@language_option
@json_option
def floods(*, desk: str, passphrase_file: Path, language: str, as_json: bool) -> None:
    """List the floods of DESK: groups of unfinished tips of one day that say nearly the same, or nothing."""
    with desk_work(desk, passphrase_file) as work:
        found = flood_groups(work.casework.cache, work.casework.may_read)
        if as_json:
            for flood in found:
                print_json({"numbers": [one.header.number for one in flood.tips], "words": flood.words})
        else:
            click.echo(_flood_table(found, work.text(language)))


@act_command("unmerge")
def unmerge() -> DeskAct:
    """Undo that tip NUMBER was merged into another: it gets the status that it had before."""
    return DeskAct(name="unmerge")


@click.command("bulk")
@at_desk
@click.argument("kind", type=click.Choice(BULK_KINDS))
@click.argument("numbers", nargs=-1, required=True)
@click.option("--to", default="", help="The officer to assign to, or the tip to merge into; none: the first NUMBER.")
@click.option("--priority", type=click.Choice(PRIORITIES), help="The right priority.")
@click.option("--reason", default="", help="Why; no tipster ever sees it.")
@json_option
def bulk(
    *,
    desk: str,
    passphrase_file: Path,
    kind: BulkKind,
    numbers: tuple[str, ...],
    to: str,
    priority: Priority | None,
    reason: str,
    as_json: bool,
) -> None:
    """Do one thing with several tips of DESK: merge them, set them aside, resume them, set their priority, assign them.

    What is refused of some is named, and the command then fails; the others are done.
    """
    into = to or (numbers[0] if kind == "merge" else "")
    act = BulkAct(kind=kind, to=into, priority=priority or "", text=reason.strip())
    with desk_work(desk, passphrase_file) as work:
        outcomes = act.perform_all(work.acts(), work.casework, numbers)
        text = work.text("en")
    report_outcomes(outcomes, text, as_json=as_json)


def report_outcomes(outcomes: list[BulkOutcome], text: PageText, *, as_json: bool) -> None:
    """Print what became of each tip; fail if something was refused of one."""
    for one in outcomes:
        if as_json:
            print_json({"number": one.number, "done": not one.problem, "problem": one.problem})
        else:
            click.echo(f"{one.number}: {_outcome(one.problem, text)}")
    if any(one.problem for one in outcomes):
        raise SystemExit(1)


def _outcome(problem: str, text: PageText) -> str:
    if not problem:
        return "done"
    return text("bulk.gone") if problem == "gone" else text(f"problem.{problem}", n="")


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


def _flood_table(found: list[FloodGroup], text: PageText) -> str:
    rows = [(" ".join(one.header.number for one in flood.tips), flood.words) for flood in found]
    return terminal_tables.table((text("col.number"), text("answers")), rows)


COMMANDS = (related, floods, unmerge, bulk, recuse, readmit, hand_over)
