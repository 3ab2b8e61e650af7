"""The page for the end of a shift, on which an officer hands tips over to another."""

from starlette.requests import Request
from starlette.responses import Response

from satark.casework import MAX_TEXT, MOST_TIPS
from satark_desk.officers import officers_of
from satark_desk.queue_rows import Filter
from satark_desk.web.page_requests import Pages
from satark_desk.web.session_store import OfficerSession


class HandoverPage(Pages):
    """Lists the tips to hand over; `BulkPages` does it."""

    def show(self, request: Request, session: OfficerSession) -> Response:
        """Show the officer's tips, and unassigned tips on which the desk owes a report, for assigning."""
        queue, desk = session.queue, session.desk
        session.casework.note_listed()
        queue.refresh()
        mine = queue.page(Filter(mark="mine"), None)
        owed = [row for row in queue.page(Filter(mark="owed"), None) if not row.officer]
        officers = self._web.context.read(lambda c: officers_of(c, desk))
        return self._web.show(
            request,
            "handover.html",
            session=session,
            mine=mine[:MOST_TIPS],
            owed=owed[: MOST_TIPS - len(mine)] if len(mine) < MOST_TIPS else [],
            more=max(0, len(mine) + len(owed) - MOST_TIPS),
            colleagues=[name for name in officers if name != session.officer],
            longest=MAX_TEXT,
        )
