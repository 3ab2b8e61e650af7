"""The command `satark desk publish-stats`, which a timer starts every week."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from satark.casework import Services
from satark_desk.command_context import at_desk, desk_settings, unlocked_desk
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.public_statistics import WeekReport, reports_of, write_report
from satark_desk.web.page_text import PageText, officers_languages

_FOLDER = click.Path(file_okay=False, path_type=Path)
_NOISE_KEY: Final = b"satark/1/public-statistics\0"


@click.command("publish-stats")
@at_desk
@click.option("--folder", type=_FOLDER, required=True, help="Where the reports are; missing ones are added.")
def publish_stats(*, desk: str, passphrase_file: Path, folder: Path) -> None:
    """Write the public report of each week that is over into a folder: tips by category, as CSV, JSON and a page.

    Numbers under ten are left out, and all others have noise. A report that is there is never written again.
    """
    hours = desk_settings().utc_offset_hours
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        folder.mkdir(parents=True, exist_ok=True)
        texts = {
            language: PageText(language, services.geography, hours, services.questionnaire)
            for language in officers_languages()
        }
        for report in _reports(services, unlocked, texts["en"]):
            if write_report(folder, report, texts):
                click.echo(folder / f"{report.week}.html")


def _reports(services: Services, unlocked: UnlockedDesk, text: PageText) -> list[WeekReport]:
    """Count every tip of the desk, whichever officer asks."""
    now, casework = time.time(), unlocked.casework(services)
    casework.note_listed()
    with casework.cache.lock:
        casework.cache.refresh()
        headers = [one.listed.summary.header for one in casework.cache.tips.values()]
    today = text.today(now)
    received = [(today - timedelta(days=text.age(one.received, now)), one.category) for one in headers]
    # From the desk's own key: whoever does not have this key can't compute the noise.
    newest = unlocked.identity.partition("\n")[0]
    key = hashlib.sha256(_NOISE_KEY + newest.encode()).digest()
    return reports_of(received, services.questionnaire.categories, key, today)
