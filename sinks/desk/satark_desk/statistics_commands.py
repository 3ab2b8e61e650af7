"""The commands of `satark desk` that count: the desk's own figures, the week as a PDF, and what may be published."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import click
import msgspec

from satark_desk import terminal_tables
from satark_desk.case_commands import DeskWork, desk_work, json_option, language_option
from satark_desk.command_context import at_desk, print_json
from satark_desk.figures import figures_of, paces_of
from satark_desk.public_statistics import WeekReport, reports_of, write_report
from satark_desk.web.page_text import officers_languages
from satark_desk.week_pdf import week_pdf

_FOLDER = click.Path(file_okay=False, path_type=Path)
_NOISE_KEY: Final = b"satark/1/public-statistics\0"


@click.command("stats")
@at_desk
@language_option
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Write the last seven days as a PDF.")
@json_option
def stats(*, desk: str, passphrase_file: Path, language: str, pdf: Path | None, as_json: bool) -> None:
    """Count the tips of DESK by status, category, priority and outcome, what is owed and disputed, and the hours."""
    with desk_work(desk, passphrase_file) as work:
        rows = work.every_row()
        figures = figures_of(rows)
        paces = paces_of(work.services, work.casework)
        if pdf:
            texts = [work.text(one) for one in officers_languages()]
            pdf.write_bytes(week_pdf(rows, paces, work.unlocked.desk.title, texts, time.time()))
        if as_json:
            print_json({**msgspec.to_builtins(figures), "hours": msgspec.to_builtins(paces)})
        else:
            click.echo(terminal_tables.figures(figures, paces, work.text(language)))


@click.command("publish-stats")
@at_desk
@click.option("--folder", type=_FOLDER, required=True, help="Where the reports are; missing ones are added.")
def publish_stats(*, desk: str, passphrase_file: Path, folder: Path) -> None:
    """Write the public report of each week that is over into a folder: tips by category, as CSV, JSON and a page.

    Numbers under ten are left out, and all others have noise. A report that is there is never written again.
    """
    with desk_work(desk, passphrase_file) as work:
        folder.mkdir(parents=True, exist_ok=True)
        texts = {language: work.text(language) for language in officers_languages()}
        for report in _reports(work):
            if write_report(folder, report, texts):
                click.echo(folder / f"{report.week}.html")


def _reports(work: DeskWork) -> list[WeekReport]:
    today = work.text("en").today(time.time())
    received = [(today - timedelta(days=row.days), row.summary.header.category) for row in work.every_row(of_desk=True)]
    # From the desk's own key: whoever does not have this key can't compute the noise.
    newest = work.unlocked.identity.partition("\n")[0]
    key = hashlib.sha256(_NOISE_KEY + newest.encode()).digest()
    return reports_of(received, work.services.questionnaire.categories, key, today)


COMMANDS = (stats, publish_stats)
