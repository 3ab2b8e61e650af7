"""The last seven days of a desk as a PDF, in each language: for a meeting, not for publication."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from satark.casework import SheetPage, make_sheet
from satark_desk.figures import Figures, Pace, PaceStep, figures_of
from satark_desk.officer_queue import OfficerQueue
from satark_desk.web.page_text import PageText

DAYS: Final = 7
_DAY: Final = 86400


def week_pdf(
    queue: OfficerQueue, paces: Mapping[PaceStep, Pace], desk: str, texts: Sequence[PageText], now: float
) -> bytes:
    """Write the last seven days of a desk as a PDF.

    Args:
        queue: an officer's queue.
        paces: how long the desk's steps took.
        desk: the desk's title.
        texts: the text of each language; each language gets a page.
        now: Unix seconds.
    """

    def days(band: str) -> int:
        return texts[0].age(band, now)

    week = figures_of(queue, queue.in_bands(lambda band: days(band) < DAYS), days)
    every = figures_of(queue, queue.in_bands(lambda _: True), days)
    return make_sheet(
        [
            SheetPage(
                heading=desk,
                title=text("week.title", days=_days(text, int(now))),
                rows=tuple(_rows(week, every, paces, text)),
                footer=text("figures.what"),
            )
            for text in texts
        ]
    )


def _days(text: PageText, now: int) -> str:
    return f"{text.day_at(now - (DAYS - 1) * _DAY)} – {text.day_at(now)}"


def _rows(week: Figures, every: Figures, paces: Mapping[PaceStep, Pace], text: PageText) -> list[tuple[str, str]]:
    return [
        (text("week.came"), str(week.tips)),
        (text("figures.priority"), _listed(week.priority, text.priority)),
        (text("figures.category"), _listed(week.category, text.category)),
        (text("figures.station"), _listed(week.station, text.place)),
        (text("figures.status"), _listed(week.status, text.status)),
        (text("figures.outcome"), _listed(week.outcome, lambda code: text(f"outcome.{code}"))),
        (text("week.open"), str(every.open)),
        (text("mark.overdue"), str(every.overdue)),
        (text("stats.owed"), str(every.reports_owed)),
        (text("mark.disputed"), str(every.disputed_closings)),
        *((text(f"pace.{step}"), pace_text(pace, text)) for step, pace in paces.items()),
    ]


def pace_text(pace: Pace, text: PageText) -> str:
    """Return a pace in words."""
    return text("pace.hours", median=pace.median, longest=pace.longest, n=pace.tips)


def _listed(counts: Mapping[str, int], naming: Callable[[str], str]) -> str:
    return "; ".join(f"{naming(code)}: {number}" for code, number in counts.items())
