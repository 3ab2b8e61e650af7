"""Pages for documents that leave the desk: written orders on paper, and tables as CSV.

A row of the list of cases has no written text, and no time finer than a day.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from satark.casework import COUNTS
from satark_desk.orders import NothingToOrder, find_order, make_order, order_pdf
from satark_desk.queue_rows import Filter, Row
from satark_desk.web.page_requests import Pages, redirect_to
from satark_desk.web.page_text import PageText
from satark_desk.web.session_store import OfficerSession


class OrderPages(Pages):
    """Makes written orders, returns them as PDFs, and returns the list of cases as CSV."""

    def make(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Make the written order of a direction."""
        tip = session.casework.open(request.path_params["number"])
        make_order(self._web.context, session.casework, tip, form.get("to", ""))
        return redirect_to(request, f"tips/{tip.tip.number}#directions")

    def order(self, request: Request, session: OfficerSession) -> Response:
        """Return a written order: in the requested language, else in every language of the pages."""
        tip = session.casework.open(request.path_params["number"])
        order = find_order(self._web.context, session.casework, tip, request.path_params["to"])
        if order is None:
            raise NothingToOrder
        session.casework.trail.record_once("ordered", tip=tip.header.number, detail=order.number)
        asked = [one for one in self._web.texts() if one.language == request.query_params.get("language")]
        name = order.number.replace("/", "-")
        return Response(
            order_pdf(order, asked or self._web.texts()),
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


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Matches characters at the beginning of a cell that a spreadsheet takes for a formula."""
_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Byte order mark at the beginning of the file, so that spreadsheets read the file as UTF-8."""


def case_list(rows: Iterable[Row], text: PageText, titles: Mapping[str, str]) -> str:
    """Write the rows of a queue as CSV. `titles` gives the desks' titles by their names."""
    return as_csv([text(f"case_list.{name}") for name in _COLUMNS], (_line(row, text, titles) for row in rows))


def as_csv(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """Write lines as CSV in which a spreadsheet runs no cell."""
    out = io.StringIO()
    out.write(_MARK)
    writer = csv.writer(out)
    safe = ([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in line] for line in (head, *lines))
    writer.writerows(safe)
    return out.getvalue()


_COLUMNS: Final = (
    "number", "received", "days", "category", "district", "station", "priority", "status", "outcome",
    "directed", "due", "disputes", *COUNTS,
)  # fmt: skip


def _line(row: Row, text: PageText, titles: Mapping[str, str]) -> tuple[str, ...]:
    header, work = row.summary.header, row.summary.work
    directed = work.directions.values()
    due = min((one.due for one in directed if one.is_open and not work.finished), default=0)
    return (
        header.number,
        text.iso_day(header.received),
        str(row.days),
        text.category(header.category),
        text.place(header.district),
        text.place(header.station),
        text.priority(header.priority),
        text.status(row.summary.status),
        text(f"outcome.{work.outcome}") if work.outcome else "",
        "; ".join(titles.get(one.to, one.to) for one in directed),
        text.today(due).isoformat() if due else "",
        str(work.disputes),
        *(str(work.counts.get(name, "")) for name in COUNTS),
    )
