"""The overview of a desk: how many tips of each kind there are, how old, and how long their work takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from satark_desk.figures import figures_of, paces_of
from satark_desk.maps import district_map
from satark_desk.tip_queue import Filter, Row
from satark_desk.web.desk_web import DeskWeb
from satark_desk.web.page_text import PageText
from satark_desk.web.session_store import OfficerSession
from satark_desk.week_pdf import pace_text, week_pdf

_DAYS: Final = 28
_DAY: Final = 86400
WIDTH: Final = 560
HEIGHT: Final = 120
_GAP: Final = 2


class OverviewPages:
    """The overview as a page, and the week as a PDF."""

    def __init__(self, web: DeskWeb) -> None:
        self._web = web

    def show(self, request: Request, session: OfficerSession) -> Response:
        """Show the desk's figures."""
        text, rows = self._web.text(request), _rows(session)
        figures = figures_of(rows)
        paces, days = paces_of(self._web.context, session.casework), _days(rows, text)
        return self._web.show(
            request,
            "figures.html",
            session=session,
            figures=figures,
            tables={
                "district": (figures.district, text.place),
                "station": (figures.station, text.place),
                "category": (figures.category, text.category),
                "age": (figures.age, lambda code: text(f"age.{code}")),
                "outcome": (figures.outcome, lambda code: text(f"outcome.{code}")),
                "status": (figures.status, text.status),
                "priority": (figures.priority, text.priority),
            },
            titles={desk.name: desk.title for desk in self._web.context.desks()},
            paces={step: pace_text(pace, text) for step, pace in paces.items()},
            days=days,
            map=district_map(self._web.context.geography, text.language, figures.tips, figures.station),
            columns=columns([number for _, number in days]),
            chart=(WIDTH, HEIGHT),
        )

    def week(self, request: Request, session: OfficerSession) -> Response:
        """Hand over the last seven days as a PDF, the officer's language first."""
        first = self._web.text(request)
        texts = sorted(self._web.texts(), key=lambda text: text.language != first.language)
        paces = paces_of(self._web.context, session.casework)
        pdf = week_pdf(_rows(session), paces, session.unlocked.desk.title, texts, time.time())
        return Response(
            pdf, media_type="application/pdf", headers={"content-disposition": 'inline; filename="week.pdf"'}
        )


def _rows(session: OfficerSession) -> list[Row]:
    session.casework.note_listed()
    session.queue.refresh()
    return session.queue.every_row(Filter(), None)


def _days(rows: list[Row], text: PageText) -> list[tuple[str, int]]:
    """Return the last days with the number of tips that came on each, the oldest first."""
    now, counted = time.time(), [0] * _DAYS
    for row in rows:
        if row.days < _DAYS:
            counted[row.days] += 1
    return [(text.day_at(int(now) - at * _DAY), counted[at]) for at in reversed(range(_DAYS))]


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar of a chart, in the chart's units."""

    x: float
    y: float
    width: float
    height: float
    number: int


def columns(numbers: Sequence[int]) -> list[Bar]:
    """Return one bar for each number, side by side. The height of a bar is its number."""
    most = max(numbers, default=0) or 1
    step = WIDTH / max(len(numbers), 1)
    return [
        Bar(
            x=round(at * step + _GAP / 2, 1),
            y=round(HEIGHT * (1 - number / most), 1),
            width=round(step - _GAP, 1),
            height=round(HEIGHT * number / most, 1),
            number=number,
        )
        for at, number in enumerate(numbers)
    ]
