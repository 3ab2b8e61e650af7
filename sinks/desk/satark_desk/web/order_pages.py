"""Pages of what leaves the desk on paper or as a file: written orders, and the list of cases."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from satark_desk.case_list import case_list
from satark_desk.orders import NothingToOrder, find_order, make_order, order_pdf
from satark_desk.tip_queue import Filter
from satark_desk.web.desk_web import DeskWeb, redirect_to
from satark_desk.web.session_store import OfficerSession


class OrderPages:
    """Makes written orders, returns them as PDFs, and returns the list of cases as CSV."""

    def __init__(self, web: DeskWeb) -> None:
        self._web = web

    def make(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Make the written order of a direction."""
        tip = session.casework.open(request.path_params["number"])
        make_order(self._web.context, session.casework, tip, form.get("to", ""))
        return redirect_to(request, f"tips/{tip.tip.number}#directions")

    def order(self, request: Request, session: OfficerSession) -> Response:
        """Return a written order: in the language that is asked for, else in every language of the pages."""
        tip = session.casework.open(request.path_params["number"])
        order = find_order(self._web.context, session.casework, tip, request.path_params["to"])
        if order is None:
            raise NothingToOrder
        session.casework.trail.record_once("ordered", tip=tip.header.number, detail=order.number)
        texts = self._web.texts_in(request.query_params.get("language", ""))
        name = order.number.replace("/", "-")
        return Response(
            order_pdf(order, texts),
            media_type="application/pdf",
            headers={"content-disposition": f'attachment; filename="{name}.pdf"', "cache-control": "no-store"},
        )

    def cases(self, request: Request, session: OfficerSession) -> Response:
        """Return the rows of the queue that match a filter, as CSV."""
        session.queue.refresh()
        wanted = Filter.read(request.query_params)
        found = session.casework.find(wanted.q) if wanted.q.strip() else None
        rows = session.queue.every_row(wanted, found)
        session.casework.trail.record("exported_list", detail=f"CSV {len(rows)}")
        titles = {desk.name: desk.title for desk in self._web.context.desks()}
        return csv_file("cases.csv", case_list(rows, self._web.text(request), titles))


def csv_file(name: str, content: str) -> Response:
    """Return a table as a file that the browser saves."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
