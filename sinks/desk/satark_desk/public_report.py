"""The public report of a week as files: CSV and JSON for programs, a page in Hindi and English for people.

A report that was written is never written again: a later edition of the same week would tell of the tips between them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from satark.api import page_templates
from satark_desk.public_statistics import SMALLEST, WeekReport
from satark_files.atomic_files import replace
from satark_words.languages import written_date

if TYPE_CHECKING:
    from satark_desk.web.page_text import PageText

_TEMPLATES: Final = Path(__file__).parent / "web" / "templates"


def write(folder: Path, report: WeekReport, texts: Mapping[str, PageText]) -> bool:
    """Write a week's report into a folder; return False, and change nothing, where it is there already.

    Args:
        folder: must exist.
        report: what is published.
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
    """Return a report as JSON; `null` stands for what is not published."""
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
