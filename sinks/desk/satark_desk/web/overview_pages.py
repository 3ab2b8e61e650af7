"""The overview of a desk: how many tips of each kind there are, how old, and how long their work takes."""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from satark_desk.figures import figures_of, paces_of, pendency
from satark_desk.maps import district_map
from satark_desk.tip_queue import Filter, Row
from satark_desk.web.desk_web import DeskWeb
from satark_desk.web.page_text import PageText
from satark_desk.web.session_store import OfficerSession
from satark_desk.week_pdf import pace_text, week_pdf

_DAYS: Final = 28
_DAY: Final = 86400


class OverviewPages:
    """The overview as a page, and the week as a PDF."""

    def __init__(self, web: DeskWeb) -> None:
        self._web = web

    def show(self, request: Request, session: OfficerSession) -> Response:
        """Show the desk's figures."""
        text, every = self._web.text(request), _rows(session)
        since, until = (request.query_params.get(name, "") for name in ("since", "until"))
        rows = [row for row in every if since <= _day(row, text) <= (until or "9999")] if since or until else every
        figures = figures_of(rows)
        paces, days = paces_of(self._web.context, session.casework), _days(every, text)
        return self._web.show(
            request,
            "figures.html",
            session=session,
            figures=figures,
            since=since,
            until=until,
            pendency={
                "month": (pendency(rows, lambda row: _day(row, text)[:7]), text.month),
                "station": (pendency(rows, lambda row: row.summary.header.station), text.place),
            },
            tables={
                "district": (figures.district, text.place),
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


def _day(row: Row, text: PageText) -> str:
    return text.iso_day(row.summary.header.received)


def _days(rows: list[Row], text: PageText) -> list[tuple[str, int]]:
    """Return the last days with the number of tips that came on each, the oldest first."""
    now, counted = int(time.time()), Counter(row.days for row in rows)
    return [(text.day_at(now - at * _DAY), counted[at]) for at in reversed(range(_DAYS))]
