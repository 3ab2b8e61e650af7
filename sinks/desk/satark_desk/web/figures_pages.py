"""The overview of a desk: how many tips of each kind there are, how old, and how long their work takes."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from satark_desk.figures import DAYS, desk_paces, figures_of, pace_text, pendency, week_pdf
from satark_desk.maps import district_map
from satark_desk.officer_queue import OfficerQueue
from satark_desk.queue_index import Facet
from satark_desk.web.page_requests import Pages
from satark_desk.web.page_text import PageText
from satark_desk.web.session_store import OfficerSession

T = TypeVar("T")
_DAY: Final = 86400


class OverviewPages(Pages):
    """The overview as a page, and the week as a PDF."""

    def show(self, request: Request, session: OfficerSession) -> Response:
        """Show the desk's figures."""

        def months(*facets: Facet) -> Counter[str]:
            return _summed(queue.index.count_by_band(tips, *facets), lambda band: text.iso_day(band)[:7])

        def stations(*facets: Facet) -> Counter[str]:
            return queue.index.count(tips, *facets)["station"]

        text, queue, now = self._web.text(request), _queue(session), time.time()
        since, until = (request.query_params.get(name, "") for name in ("since", "until"))
        tips = queue.all_tips
        if since or until:
            tips = queue.in_bands(lambda band: since <= text.iso_day(band) <= (until or "9999"))
        figures = figures_of(queue, tips, lambda band: text.age(band, now))
        paces = desk_paces(session.casework, queue)
        return self._web.show(
            request,
            "figures.html",
            session=session,
            figures=figures,
            since=since,
            until=until,
            pendency={
                "month": (pendency(months), text.month),
                "station": (pendency(stations), text.place),
            },
            tables={
                "district": text.place,
                "category": text.category,
                "age": lambda code: text(f"age.{code}"),
                "outcome": lambda code: text(f"outcome.{code}"),
                "status": text.status,
                "priority": text.priority,
            },
            paces={step: pace_text(pace, text) for step, pace in paces.items()},
            days=_days(queue, text, now),
            map=district_map(self._web.context.geography, text.language, figures.tips, figures.by["station"]),
        )

    def week(self, request: Request, session: OfficerSession) -> Response:
        """Hand over the last seven days as a PDF, the officer's language first."""
        first = self._web.text(request)
        texts = sorted(self._web.texts(), key=lambda text: text.language != first.language)
        queue = _queue(session)
        paces = desk_paces(session.casework, queue)
        pdf = week_pdf(queue, paces, session.unlocked.desk.title, texts, time.time())
        return Response(
            pdf, media_type="application/pdf", headers={"content-disposition": 'inline; filename="week.pdf"'}
        )


def _queue(session: OfficerSession) -> OfficerQueue:
    session.casework.note_listed()
    session.queue.refresh()
    return session.queue


def _summed(counted: Mapping[str, int], key: Callable[[str], T]) -> Counter[T]:
    """Add up the counts of time bands, grouped by a function's result for the band."""
    found = Counter[T]()
    for band, number in counted.items():
        found[key(band)] += number
    return found


def _days(queue: OfficerQueue, text: PageText, now: float) -> list[tuple[str, int]]:
    """Return the last days, the oldest first, with the number of tips that came on each."""
    recent = queue.in_bands(lambda band: text.age(band, now) < DAYS)
    counted = _summed(queue.index.count_by_band(recent), lambda band: text.age(band, now))
    return [(text.day_at(int(now) - at * _DAY), counted[at]) for at in reversed(range(DAYS))]
