"""The commands of `satark desk` for what leaves the desk: directions, their withdrawal, written orders, the cases."""

from __future__ import annotations

from pathlib import Path

import click

from satark.casework import RELEASABLE, DeskAct, SenderHints
from satark_desk.act_forms import parse_due
from satark_desk.case_commands import DeskWork, act_command, desk_work, json_option, language_option, report_act
from satark_desk.case_list import case_list
from satark_desk.command_context import at_desk, on_tip
from satark_desk.orders import make_order, order_pdf
from satark_desk.read_state import seen_by
from satark_desk.web.page_text import officers_languages
from satark_words.terminal import escape_controls


@click.command("direct")
@on_tip
@click.option("--to", "to_desk", required=True, help="The desk that gets the tip too.")
@click.option("--instruction", required=True, help="What that desk is to do; never shown to the tipster.")
@click.option("--due", default="", help="When it owes a report, YYYY-MM-DDThh:mm; none: by the tip's priority.")
@click.option("--rewording", default="", help="For a station: what the tip says, in your words.")
@click.option("--field", "fields", multiple=True, help=f"For a station: STEP=TEXT, of {', '.join(RELEASABLE)}.")
@click.option("--own-words", is_flag=True, help="For a station: the tip itself; a second officer must `consent`.")
@click.option("--cleared", is_flag=True, help="You read the words, and they don't accuse the police of that desk.")
@json_option
def direct(
    *,
    desk: str,
    number: str,
    passphrase_file: Path,
    to_desk: str,
    instruction: str,
    due: str,
    rewording: str,
    fields: tuple[str, ...],
    own_words: bool,
    cleared: bool,
    as_json: bool,
) -> None:
    """Give tip NUMBER to another desk too, with an instruction; that desk owes a report.

    A station gets the instruction, the rewording and the fields that are given, and none of the tipster's own words.
    """
    answers = {step.strip(): text.strip() for step, _, text in (field.partition("=") for field in fields)}
    with desk_work(desk, passphrase_file) as work:
        act = DeskAct(
            name="direct",
            to=to_desk,
            text=instruction.strip(),
            due=parse_due(due, work.settings.utc_offset_hours),
            answers=answers,
            rewording=rewording.strip(),
            raw=own_words,
            cleared=cleared,
        )
        _warn_of_hints(work, number, act)
        tip = work.act(number, act)
        is_asked = tip.work.raw_asked is not None and to_desk not in tip.work.directions
        what = "asked a second officer to consent to" if is_asked else "directed to"
        report_act(tip, f"{what} {to_desk}", as_json=as_json)


@act_command("consent")
def consent() -> DeskAct:
    """Consent that a station gets tip NUMBER itself, as another officer of DESK asks."""
    return DeskAct(name="consent")


@click.command("withdraw")
@on_tip
@click.option("--from", "from_desk", required=True, help="The desk that was directed.")
@click.option("--reason", default="", help="Why.")
@json_option
def withdraw(*, desk: str, number: str, passphrase_file: Path, from_desk: str, reason: str, as_json: bool) -> None:
    """Withdraw the direction of tip NUMBER to a desk, and say what its officers have seen."""
    act = DeskAct(name="withdraw", to=from_desk, text=reason.strip())
    with desk_work(desk, passphrase_file) as work:
        tip = work.act(number, act)
        for one in work.services.read(lambda c: seen_by(c, from_desk, tip)):
            seen = f"has looked at it, up to entry {one.last_message}"
            click.echo(f"officer {one.officer} of {from_desk} {seen}", err=True)
        report_act(tip, f"withdrawn from {from_desk}", as_json=as_json)


@click.command("order")
@on_tip
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--to", "to_desk", required=True, help="The desk that was directed.")
@click.option(
    "--language",
    "languages",
    multiple=True,
    type=click.Choice(officers_languages()),
    help="A page for each; none: all.",
)
def order(
    *, desk: str, number: str, passphrase_file: Path, target: Path, to_desk: str, languages: tuple[str, ...]
) -> None:
    """Write the order for the direction of tip NUMBER to a desk into FILE, a PDF with a running number.

    It holds what was handed over, and nothing else of the tip.
    """
    with desk_work(desk, passphrase_file) as work:
        made = make_order(work.services, work.casework, work.casework.open(number), to_desk)
        target.write_bytes(order_pdf(made, [work.text(one) for one in languages or officers_languages()]))
        click.echo(f"{target}: order {made.number}")


@click.command("cases")
@at_desk
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@language_option
def cases(*, desk: str, passphrase_file: Path, target: Path, language: str) -> None:
    """Write a row for each tip of DESK into FILE as CSV, for superiors: no words of anybody, no time but days."""
    with desk_work(desk, passphrase_file) as work:
        rows = work.every_row()
        work.casework.trail.record("exported_list", detail=f"CSV {len(rows)}")
        titles = {one.name: one.title for one in work.services.desks()}
        target.write_text(case_list(rows, work.text(language), titles), "utf-8", newline="")
        click.echo(f"{target}: {len(rows)} cases")


COMMANDS = (direct, consent, withdraw, order, cases)


def _warn_of_hints(work: DeskWork, number: str, act: DeskAct) -> None:
    """Warn on standard error of handed-over content that points to the sender, as the page does before confirmation."""
    tip, geography = work.casework.open(number), work.services.geography
    hints = SenderHints.of_tip(tip, geography)
    rules = work.acts().releases
    phrases = hints.phrases
    if rules.takes_release(tip, act.to) and not act.raw:
        phrases = SenderHints.of_texts([act.text, act.rewording, *act.answers.values()], geography).phrases
    if hints.few_know:
        click.echo("only a few people know this: what the desk does with it may point to the tipster", err=True)
    for phrase in phrases:
        click.echo(f"this may point to the tipster: {escape_controls(phrase)}", err=True)
