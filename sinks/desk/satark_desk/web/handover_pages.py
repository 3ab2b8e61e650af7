"""Hand-over at the end of a shift: what an officer holds, and what the desk owes and nobody holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from satark.casework import MAX_TEXT, MOST_TIPS
from satark_desk.officers import officers_of
from satark_desk.tip_queue import Filter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from satark_desk.tip_queue import Row
    from satark_desk.web.sessions import Session
    from satark_desk.web.web_context import WebContext


class HandoverPages:
    """One page, whose form is that of an act on several tips: they are assigned to another officer, with a note."""

    def __init__(self, web: WebContext) -> None:
        self._web = web

    def show(self, request: Request, session: Session) -> Response:
        """Show what can be handed over, what is due first on top."""
        queue, desk = session.queue, session.desk
        session.casework.note_listed()
        queue.refresh()
        mine = _by_due(queue.page(Filter(mark="mine"), None))
        owed = _by_due(row for row in queue.page(Filter(mark="owed"), None) if not row.officer)
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


def _by_due(rows: Iterable[Row]) -> list[Row]:
    """Sort rows by when the desk owes a report; those that owe none come last, in the order of the queue."""
    return sorted(rows, key=lambda row: row.due or math.inf)
