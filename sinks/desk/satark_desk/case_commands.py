"""The commands of `satark desk` for the work on tips: queue, show, search and every act.

The pages have the same rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
import msgspec

from satark.api import OUTCOMES, STATUSES, Status
from satark.casework import Casework, DeskAct, DeskActs, OpenTip, Services
from satark_desk import terminal_tables
from satark_desk.command_context import at_desk, current_host, on_tip, print_json, unlocked_desk
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officer_queue import OfficerQueue
from satark_desk.queue_index import QueueIndex
from satark_desk.read_state import mark_read, read_states
from satark_desk.settings import DeskSettings
from satark_desk.tip_json import row_to_json, tip_to_json
from satark_desk.tip_queue import MARKS, PRIORITIES, SECTIONS, Filter, Row
from satark_desk.web.opened_desks import queue_rules
from satark_desk.web.page_text import PageText, officers_languages

json_option = click.option("--json", "as_json", is_flag=True, help="JSON in place of text.")
language_option = click.option(
    "--language", type=click.Choice(officers_languages()), default="en", show_default=True, help="Of the text."
)


class DeskWork(msgspec.Struct, frozen=True):
    """The store, the unlocked desk, its casework and the settings, for a command."""

    services: Services
    unlocked: UnlockedDesk
    casework: Casework
    settings: DeskSettings

    def rows(self, wanted: Filter) -> list[Row]:
        """Return the rows of the officer's queue that match a filter, sorted."""
        found = self.casework.find(wanted.q) if wanted.q.strip() else None
        return self._queue(self.unlocked.officer).page(wanted, found)

    def every_row(self, *, of_desk: bool = False) -> list[Row]:
        """Return a row for each tip that the officer has, for counts.

        This includes the tips that the queue hides. `of_desk`: return a row for each tip of the desk, whichever officer
        asks.
        """
        return self._queue("" if of_desk else self.unlocked.officer).every_row(Filter(), None)

    def _queue(self, officer: str) -> OfficerQueue:
        self.casework.note_listed()
        rules = queue_rules(self.settings, self.text("en"))
        index = QueueIndex(self.services, self.casework.cache, self.unlocked.desk.name, rules)
        index.refresh()
        return OfficerQueue(self.services, index, officer)

    def text(self, language: str) -> PageText:
        """Return the text of the pages in a language."""
        return PageText(language, self.services.geography, self.settings.utc_offset_hours, self.services.questionnaire)

    def acts(self) -> DeskActs:
        """Return the officer's acts, with the clocks of the settings."""
        return DeskActs(self.services, self.casework, self.settings.clocks())

    def act(self, number: str, act: DeskAct) -> OpenTip:
        """Perform an act on a tip if the rules allow it; return the changed tip.

        Raises:
            ActRefused: the rules do not allow it.
            NoSuchTip: the desk has none of this number.
        """
        before = self.casework.open(number)
        self.acts().perform(before, act)
        after = self.casework.open(before.id)
        self._note_own_act(before, after)
        return after

    def _note_own_act(self, before: OpenTip, after: OpenTip) -> None:
        """Mark the changed tip as seen by the officer who acted, unless the tip has other news for this officer."""
        desk, officer = self.unlocked.desk.name, self.unlocked.officer
        envelopes = {before.id: before.envelope}
        state = self.services.read(lambda c: read_states(c, desk, officer, envelopes)).get(before.id)
        old = before.summary
        if state is not None and not state.is_behind(old):
            self.services.write_now(lambda unit: mark_read(unit, desk, officer, after))


@contextmanager
def desk_work(desk: str, passphrase_file: Path) -> Iterator[DeskWork]:
    """Unlock a desk for a command; errors inside the block become one-sentence messages."""
    settings = current_host().settings.section("desk", DeskSettings) or DeskSettings()
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        yield DeskWork(services, unlocked, unlocked.casework(services), settings)


def act_command(name: str) -> Callable[[Callable[..., DeskAct]], click.Command]:
    """Make a command on a tip of a function: the command performs the act that the function makes of its options."""

    def make(act_of: Callable[..., DeskAct]) -> click.Command:
        @click.command(name)
        @on_tip
        @json_option
        @wraps(act_of)
        def command(*, desk: str, number: str, passphrase_file: Path, as_json: bool, **options: Any) -> None:
            act = act_of(**options)
            with desk_work(desk, passphrase_file) as work:
                report_act(work.act(number, act), act.name, as_json=as_json)

        return command

    return make


def _filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each field of the queue's filter."""
    known = {"section": SECTIONS, "priority": PRIORITIES, "mark": MARKS}
    for field in reversed(Filter.__struct_fields__):
        values = f": {', '.join(known[field])}" if field in known else ""
        if field != "q":
            command = click.option(f"--{field}", default="", help=f"Only tips of this {field}{values}.")(command)
    return command


@click.command("queue")
@at_desk
@_filter_options
@language_option
@json_option
def queue(*, desk: str, passphrase_file: Path, language: str, as_json: bool, **wanted: str) -> None:
    """List the tips of DESK as the page does: what to do now on top; finished ones by --section or --status."""
    codes = {name: wanted[name].upper() for name in ("status", "category")}
    with desk_work(desk, passphrase_file) as work:
        _print_rows(work, work.rows(Filter(**{**wanted, **codes})), language, as_json=as_json)


@click.command("search")
@at_desk
@click.argument("words", nargs=-1, required=True)
@language_option
@json_option
def search(*, desk: str, passphrase_file: Path, words: tuple[str, ...], language: str, as_json: bool) -> None:
    """List the tips of DESK that contain all WORDS, in any script, each with the words around them."""
    with desk_work(desk, passphrase_file) as work:
        _print_rows(work, work.rows(Filter(q=" ".join(words))), language, as_json=as_json)


@click.command("show")
@on_tip
@language_option
@json_option
def show(*, desk: str, number: str, passphrase_file: Path, language: str, as_json: bool) -> None:
    """Show tip NUMBER with its thread, and count it as seen."""
    with desk_work(desk, passphrase_file) as work:
        tip = work.casework.open(number)
        officer = work.unlocked.officer
        work.services.write_now(lambda unit: mark_read(unit, desk, officer, tip))
        if as_json:
            print_json(tip_to_json(tip))
        else:
            click.echo(terminal_tables.tip(tip, work.text(language)))


@act_command("note")
@click.option("--text", required=True, help="The note; no tipster ever sees it.")
@click.option("--private", is_flag=True, help="For DESK alone: no other desk sees it.")
def note(*, text: str, private: bool) -> DeskAct:
    """Add a note to tip NUMBER that desks alone read."""
    return DeskAct(name="note", text=text.strip(), private=private)


@act_command("assign")
@click.option("--to", "officer", required=True, help="An officer of the desk.")
def assign(*, officer: str) -> DeskAct:
    """Assign tip NUMBER to an officer of the desk."""
    return DeskAct(name="assign", to=officer)


@click.command("respond")
@on_tip
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), required=True)
@click.option("--message", default="", help="Text to the tipster.")
@click.option("--question", is_flag=True, help="The message asks for an answer; NEED_INFO implies it.")
def respond(*, desk: str, number: str, passphrase_file: Path, status: Status, message: str, question: bool) -> None:
    """Set the status of tip NUMBER, with a message or a question to the tipster.

    CLOSED closes it with the outcome "other", and the message as what was done; `close` takes another outcome.
    """
    text = message.strip()
    if question and not text:
        raise click.UsageError("--question needs a --message")
    act = DeskAct(name="status", status=status, text=text, question=question)
    if status == "CLOSED":
        act = DeskAct(name="close", outcome="other", text=text, reason=text)
    with desk_work(desk, passphrase_file) as work:
        tip = work.act(number, act)
        click.echo(f"{number}: {status}" if tip.status == status else f"{number}: asked to close; it is {tip.status}")


@act_command("report")
@click.option("--text", required=True, help="What was done and found; no tipster ever sees it.")
def report(*, text: str) -> DeskAct:
    """Report on tip NUMBER to the desk that directed it."""
    return DeskAct(name="report", text=text.strip())


@act_command("close")
@click.option("--outcome", default="", help=f"What came of it: {', '.join(OUTCOMES)}.")
@click.option("--done", default="", help="What was done; no tipster ever sees it.")
@click.option("--message", default="", help="The reason that the tipster reads; where the desk decides itself.")
def close(*, outcome: str, done: str, message: str) -> DeskAct:
    """Close tip NUMBER, or ask the desk that directed it to close it."""
    return DeskAct(name="close", outcome=outcome, text=done.strip(), reason=message.strip())


@act_command("approve-closing")
@click.option("--message", default="", help="The reason that the tipster reads.")
def approve(*, message: str) -> DeskAct:
    """Approve that tip NUMBER is closed, as another desk asks."""
    return DeskAct(name="approve", reason=message.strip())


@act_command("refuse-closing")
@click.option("--reason", default="", help="Why, and what is to be done; no tipster ever sees it.")
def refuse(*, reason: str) -> DeskAct:
    """Refuse to close tip NUMBER; the desk that asks owes a report again."""
    return DeskAct(name="refuse", text=reason.strip())


@act_command("correct")
@click.option("--priority", default="", help=f"The right priority: {', '.join(PRIORITIES)}.")
@click.option("--category", default="", help="The right category; `satark flow show --json` lists the codes.")
@click.option("--reason", default="", help="Why.")
def correct(*, priority: str, category: str, reason: str) -> DeskAct:
    """Correct the priority or the category of tip NUMBER."""
    return DeskAct(name="correct", priority=priority, category=category.upper(), text=reason.strip())


@act_command("merge")
@click.option("--into", required=True, help="Number of the other tip.")
@click.option("--reason", default="", help="Why they are the same.")
def merge(*, into: str, reason: str) -> DeskAct:
    """Merge tip NUMBER into another; setting another status undoes it."""
    return DeskAct(name="merge", to=into, text=reason.strip())


COMMANDS = (
    queue, search, show, respond, note, assign, report, close, approve, refuse, correct, merge,
)  # fmt: skip


def report_act(tip: OpenTip, what: str, *, as_json: bool) -> None:
    """Print what was done, or the tip as JSON."""
    if as_json:
        print_json(tip_to_json(tip))
    else:
        click.echo(f"{tip.tip.number}: {what}; the status is {tip.status}")


def _print_rows(work: DeskWork, rows: list[Row], language: str, *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            print_json(row_to_json(row))
    else:
        click.echo(terminal_tables.queue(rows, work.text(language), time.time()))
    if work.casework.unreadable:
        click.echo(f"tips that can't be opened: {work.casework.unreadable}; tell whoever runs the service", err=True)
