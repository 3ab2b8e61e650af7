"""Public statistics: how many tips of each category came in a week, as CSV, JSON and a page for everybody.

`satark desk publish-stats` writes them; a timer starts it every week. No report reveals a small number:

- A number under ten is not published, nor is a number that the noise brings under ten.
- A published number includes noise. The noise is computed from the week, the category, the number and a secret key. The
  same number always gets the same noise, so that many copies tell no more than one. Another number gets other noise, so
  that the difference of two reports is not the number of tips between them.
- Each category is in one table, and every sum is a sum of published numbers, so that no subtraction gives an
  unpublished number.
- A report is never written a second time: a later edition for the same week would reveal the tips that came between the
  two.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from satark.api import page_templates
from satark.casework import Services
from satark_desk.command_context import at_desk, desk_settings, unlocked_desk
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.web.page_text import PageText, officers_languages
from satark_files.atomic_files import replace
from satark_words.languages import written_date

_TEMPLATES: Final = Path(__file__).parent / "web" / "templates"
SMALLEST: Final = 10
"""The smallest number that is published."""
FADING: Final = 0.75
"""Ratio of the probability of each further step of the noise to that of the step before. Two thirds of all noise lie
within ±4."""
_HALF: Final = 8
"""Bytes of a seed for each of the two halves of the noise."""
_DAYS: Final = 7


def write_report(folder: Path, report: WeekReport, texts: Mapping[str, PageText]) -> bool:
    """Write a week's report into a folder; return False, and change nothing, if the report exists.

    Args:
        folder: must exist.
        report: the published numbers.
        texts: the texts of the page, by language.
    """
    main = folder / f"{report.week}.json"
    if main.exists():
        return False
    forms: tuple[tuple[str, Callable[[WeekReport, Mapping[str, PageText]], str]], ...] = (
        ("csv", as_csv), ("html", as_page), ("json", as_json),
    )  # fmt: skip
    for ending, form in forms:  # the one that says that it is there comes last
        replace(folder / f"{report.week}.{ending}", [form(report, texts).encode()])
    return True


def as_json(report: WeekReport, _texts: Mapping[str, PageText]) -> str:
    """Return a report as JSON; `null` stands for an unpublished number."""
    values: dict[str, Any] = {
        "week": report.week,
        "begins": report.monday.isoformat(),
        "smallest": SMALLEST,
        "tips": dict(report.tips),
        "total_of_published": report.total,
    }
    return json.dumps(values, indent=2) + "\n"


def as_csv(report: WeekReport, texts: Mapping[str, PageText]) -> str:
    """Return a report as a table, with the names of the categories in each language."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["week", "category", *texts, "tips"])
    for category, number in report.tips.items():
        names = [text.category(category) for text in texts.values()]
        rows.writerow([report.week, category, *names, f"<{SMALLEST}" if number is None else number])
    return out.getvalue()


def as_page(report: WeekReport, texts: Mapping[str, PageText]) -> str:
    """Return a report as a page that needs no other file."""
    template = page_templates(_TEMPLATES).get_template("public_report.html")
    days = {language: written_date(report.monday, language) for language in texts}
    return template.render(report=report, texts=texts, days=days, smallest=SMALLEST)


class WeekReport(msgspec.Struct, frozen=True, kw_only=True):
    """The published numbers of one week."""

    monday: date
    tips: Mapping[str, int | None]
    """Category → tips, with noise; None: fewer than `SMALLEST`, or near it."""

    @property
    def week(self) -> str:
        """The week's name by ISO 8601, such as `2026-W48`."""
        year, week, _ = self.monday.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def total(self) -> int:
        """The sum of only the published numbers."""
        return sum(number or 0 for number in self.tips.values())


def reports_of(
    received: Iterable[tuple[date, str]], categories: Collection[str], key: bytes, today: date
) -> list[WeekReport]:
    """Return the reports of all weeks that are over, the oldest first.

    Args:
        received: the day and the category of each tip.
        categories: all categories, including those without a tip.
        key: secret; without the key nobody can compute the noise.
        today: the day by the officers' calendar.
    """
    counted: dict[date, Counter[str]] = {}
    for day, category in received:
        counted.setdefault(monday_of(day), Counter())[category] += 1
    if not counted:
        return []
    first, last = min(counted), monday_of(today)
    mondays = (first + timedelta(days=at) for at in range(0, (last - first).days, _DAYS))
    return [week_report(monday, counted.get(monday, Counter()), categories, key) for monday in mondays]


def week_report(monday: date, counts: Mapping[str, int], categories: Collection[str], key: bytes) -> WeekReport:
    """Return the report of one week."""
    every = sorted({*categories, *counts})
    return WeekReport(monday=monday, tips={one: published(monday, one, counts.get(one, 0), key) for one in every})


def published(monday: date, category: str, count: int, key: bytes) -> int | None:
    """Return the published form of a number; None: it is not published."""
    number = count + noise(monday, category, count, key)
    return number if count >= SMALLEST and number >= SMALLEST else None


def noise(monday: date, category: str, count: int, key: bytes) -> int:
    """Return the noise of a number: the difference of two geometrically distributed numbers of steps."""
    seed = hmac.digest(key, f"{monday}\0{category}\0{count}".encode(), "sha256")
    return _steps(seed[:_HALF]) - _steps(seed[_HALF : 2 * _HALF])


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _steps(seed: bytes) -> int:
    chance = (int.from_bytes(seed, "big") + 1) / (1 << (8 * _HALF))
    return int(math.log(chance) / math.log(FADING))


_FOLDER = click.Path(file_okay=False, path_type=Path)
_NOISE_KEY: Final = b"satark/1/public-statistics\0"


@click.command("publish-stats")
@at_desk
@click.option("--folder", type=_FOLDER, required=True, help="Where the reports are; missing ones are added.")
def publish_stats(*, desk: str, passphrase_file: Path, folder: Path) -> None:
    """Write the public report of each week that is over into a folder: tips by category, as CSV, JSON and a page.

    Numbers under ten are left out, and all others have noise. A report that exists is never written again.
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
        headers = [casework.cache.listed(tip).summary.header for tip in casework.cache.tips]
    today = text.today(now)
    received = [(today - timedelta(days=text.age(one.received, now)), one.category) for one in headers]
    # From the desk's own key: whoever does not have this key can't compute the noise.
    newest = unlocked.identity.partition("\n")[0]
    key = hashlib.sha256(_NOISE_KEY + newest.encode()).digest()
    return reports_of(received, services.questionnaire.categories, key, today)
