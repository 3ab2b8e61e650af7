"""The queue of a signed-in officer."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from satark.api import STATUSES
from satark.casework import BULK_KINDS, MOST_TIPS
from satark_desk.officers import officers_of
from satark_desk.queue_rows import MARKS, WORK, Filter
from satark_desk.web.page_requests import Pages
from satark_desk.web.session_store import OfficerSession


class QueuePages(Pages):
    """The queue, the news in it, and the tips that an officer hands over."""

    def show(self, request: Request, session: OfficerSession) -> Response:
        """Show a page of the queue."""
        wanted = Filter.read(request.query_params)
        queue, size = session.queue, self._web.settings.page_size
        session.casework.note_listed()
        refresh(session)
        version = queue.news("")["version"]
        found = found_by(session, wanted)
        total = queue.total(wanted, found)
        pages = max(1, -(-total // size))
        number = min(max(_number(request.query_params.get("page", "")), 1), pages)
        services, desk = self._web.context, session.desk
        return self._web.show(
            request,
            "queue.html",
            session=session,
            reading=session.opened.cache.progress,
            system_fault=services.has_fault(),
            destination_faults=services.destination_faults(desk),
            wanted=wanted,
            rows=queue.page(wanted, found, (number - 1) * size, size),
            listed_tips=total if wanted.query else total + sum(len(one.tips) for one in queue.floods),
            sections=queue.count_by_section(),
            work=WORK,
            marks=MARKS,
            statuses=sorted(queue.values("status"), key=STATUSES.index),
            pressing=queue.pressing,
            unread=queue.first_unread(wanted, found),
            values=queue.values,
            page=number,
            pages=pages,
            floods=queue.floods_by_section() if not wanted.query and number == 1 else {},
            bulk_kinds=BULK_KINDS,
            most=MOST_TIPS,
            colleagues=services.read(lambda c: officers_of(c, desk)),
            done=request.query_params.get("done", ""),
            typed=self._web.drafts.typed(session.unlocked),
            version=version,
        )

    def handover(self, request: Request, session: OfficerSession) -> Response:
        """Show the officer's tips, and unassigned tips on which the desk owes a report, for the end of a shift."""
        session.casework.note_listed()
        session.queue.refresh()
        mine = session.queue.page(Filter(mark="mine"), None)
        owed = [row for row in session.queue.page(Filter(mark="owed"), None) if not row.officer]
        officers = self._web.context.read(lambda c: officers_of(c, session.desk))
        return self._web.show(
            request,
            "handover.html",
            session=session,
            mine=mine[:MOST_TIPS],
            owed=owed[: max(0, MOST_TIPS - len(mine))],
            more=max(0, len(mine) + len(owed) - MOST_TIPS),
            colleagues=[name for name in officers if name != session.officer],
        )

    def news(self, request: Request, session: OfficerSession) -> Response:
        """Say whether the open tip, or else the queue, has changed, and whether an urgent tip has come."""
        session.casework.note_listed()
        refresh(session)
        tip = request.query_params.get("tip", "")
        return JSONResponse(session.queue.news(tip, self._web.drafts.writers(session.unlocked, tip)))


def refresh(session: OfficerSession) -> None:
    """Update the queue. Tell stations of new disputes, and destinations of dangers, whether or not a tip is opened."""
    session.queue.refresh()
    for tip in session.queue.untold_disputes:
        session.casework.tell_of_dispute(tip)
    for tip in session.queue.to_share():
        session.casework.share(tip)


def found_by(session: OfficerSession, wanted: Filter) -> Mapping[str, str] | None:
    """Return a search's results, tip id → snippet; None without a search."""
    return session.casework.find(wanted.q) if wanted.q.strip() else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1  # noqa: PLR2004 - at most six digits
