"""Figures of a desk: its tips counted by status, category and the like, and the hours that its work takes.

The last seven days are also a PDF, in each language, for a meeting and not for publication.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Final

import msgspec

from satark.casework import COUNTS, Casework, SheetPage, band_end, make_sheet
from satark_desk.officer_queue import OfficerQueue
from satark_desk.read_state import first_looks
from satark_desk.step_hours import Pace, PaceStep, hours, paces_of
from satark_desk.web.page_text import PageText

AGES: Final = ((1, "d1"), (3, "d3"), (7, "d7"), (30, "d30"))
"""Bands of ages: the highest age in days, and the band's name."""
OLDER: Final = "older"
"""Name of the band of all older tips."""
_FIELDS: Final = ("district", "station", "category", "outcome", "status", "priority", "disputed_by")
DAYS: Final = 28
"""Highest age in days of a tip that counts, so that the figures describe today's work."""
_DAY: Final = 86400


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts for the desk's own officers. They are not for publication, since small counts may point to a tipster."""

    tips: int
    open: int
    overdue: int
    reports_owed: int
    closings_asked: int
    disputed_closings: int
    """How often tipsters disputed that one of this desk's tips was closed; each dispute counts."""
    counts: Mapping[str, int]
    """The sums of `COUNTS`: arrests and seizures on these tips so far."""
    by: Mapping[str, Mapping[str, int]]
    """Field of the queue's index → value → tips, the most first; `age`: unfinished tips by age, in bands of `AGES`."""


def figures_of(queue: OfficerQueue, tips: AbstractSet[str] | None, days: Callable[[str], int]) -> Figures:
    """Count some tips of an officer's queue; None: all. `days` gives the age in days of a time band."""
    counts = queue.index.count(tips)

    def count(name: str) -> dict[str, int]:
        return {value: number for value, number in counts[name].most_common() if value}

    def total(name: str) -> int:
        return sum(int(value) * number for value, number in count(name).items())

    ages = Counter[str]()
    for band, number in queue.index.count_by_band(tips, ("mark", "open")).items():
        ages[next((name for most, name in AGES if days(band) <= most), OLDER)] += number
    return Figures(
        tips=len(queue.index if tips is None else tips),
        open=counts["mark"]["open"],
        overdue=counts["mark"]["overdue"],
        reports_owed=total("reports"),
        closings_asked=sum(count("asks").values()),
        disputed_closings=total("disputes"),
        counts={name: total(name) for name in COUNTS},
        by={
            **{name: count(name) for name in _FIELDS},
            "age": {name: ages[name] for name in (*(name for _, name in AGES), OLDER) if ages[name]},
        },
    )


def pendency(count: Callable[..., Mapping[str, int]]) -> dict[str, tuple[int, int, int]]:
    """Return, for each value that `count` finds, the number of all tips, of the unfinished and of the overdue."""
    came, *pending = count(), count(("mark", "open")), count(("mark", "overdue"))
    return {value: (came[value], *(one.get(value, 0) for one in pending)) for value in sorted(came)}  # type: ignore[misc]


def desk_paces(casework: Casework, queue: OfficerQueue) -> dict[PaceStep, Pace]:
    """Return the duration of each step for the tips of the last days. Steps that nobody took are left out."""
    since = time.time() - DAYS * _DAY
    with casework.cache.lock:
        places = {tip: queue.index.place(tip) for tip in queue.in_bands(lambda band: band_end(band) >= since)}
        looks = first_looks({tip: casework.cache.tips[tip] for tip in places})
    looked = ((places[tip], at) for tip, at in looks.items())
    waits: list[tuple[PaceStep, float]] = [("look", hours(place.came, at)) for place, at in looked]
    return paces_of(chain(waits, chain.from_iterable(place.waits for place in places.values())))


_WEEK: Final = 7


def week_pdf(
    queue: OfficerQueue, paces: Mapping[PaceStep, Pace], desk: str, texts: Sequence[PageText], now: float
) -> bytes:
    """Write the last seven days of a desk as a PDF.

    Args:
        queue: an officer's queue.
        paces: the durations of the desk's steps.
        desk: the desk's title.
        texts: the text of each language; each language gets a page.
        now: Unix seconds.
    """

    def days(band: str) -> int:
        return texts[0].age(band, now)

    today = int(now)
    week = figures_of(queue, queue.in_bands(lambda band: days(band) < _WEEK), days)
    every = figures_of(queue, queue.all_tips, days)
    return make_sheet(
        [
            SheetPage(
                heading=desk,
                title=text("week.title", days=f"{text.day_at(today - (_WEEK - 1) * _DAY)} – {text.day_at(today)}"),
                rows=tuple(_rows(week, every, paces, text)),
                footer=text("figures.what"),
            )
            for text in texts
        ]
    )


def _rows(week: Figures, every: Figures, paces: Mapping[PaceStep, Pace], text: PageText) -> list[tuple[str, str]]:
    return [
        (text("week.came"), str(week.tips)),
        (text("figures.priority"), _listed(week.by["priority"], text.priority)),
        (text("figures.category"), _listed(week.by["category"], text.category)),
        (text("figures.station"), _listed(week.by["station"], text.place)),
        (text("figures.status"), _listed(week.by["status"], text.status)),
        (text("figures.outcome"), _listed(week.by["outcome"], lambda code: text(f"outcome.{code}"))),
        (text("week.open"), str(every.open)),
        (text("mark.overdue"), str(every.overdue)),
        (text("stats.owed"), str(every.reports_owed)),
        (text("mark.disputed"), str(every.disputed_closings)),
        *((text(f"case_list.{name}"), str(number)) for name, number in week.counts.items()),
        *((text(f"pace.{step}"), pace_text(pace, text)) for step, pace in paces.items()),
    ]


def pace_text(pace: Pace, text: PageText) -> str:
    """Return a pace in words."""
    return text("pace.hours", median=pace.median, longest=pace.longest, n=pace.tips)


def _listed(counts: Mapping[str, int], naming: Callable[[str], str]) -> str:
    return "; ".join(f"{naming(code)}: {number}" for code, number in counts.items())
