"""The pages of a signed-in officer: the queue, a tip, and what can be done with it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from satark.officer import NoSuchTip, OpenTip, destination_faults, may_contain_voice, summarize
from satark.tip import STATUSES
from satark_desk.looks import arrivals, looks_of, remember
from satark_desk.web import actions
from satark_desk.web.actions import ACTIONS, Action
from satark_desk.web.files import INLINE
from satark_desk.web.queue import MARKS, PRIORITIES, Filter, Marks, Row, arrange, counts, neighbours
from satark_desk.web.sessions import Session
from satark_desk.web.site import Site, go


class Pages:
    """What an officer sees and does."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def queue(self, request: Request, session: Session) -> Response:
        """Show a page of the queue."""
        wanted = Filter.read(request.query_params)
        every = self._rows(request, session)
        rows = self._arranged(session, every, wanted)
        size = self._site.settings.page_size
        pages = max(1, -(-len(rows) // size))
        number = min(max(_number(request.query_params.get("page", "")), 1), pages)
        services, desk = self._site.context, session.desk
        return self._site.show(
            request,
            "queue.html",
            session=session,
            destination_faults=services.read(lambda c: destination_faults(c, desk, services.destination_rules)),
            wanted=wanted,
            rows=rows[(number - 1) * size : number * size],
            total=len(rows),
            counts=counts(every),
            marks={mark: sum(row.has(mark) for row in every) for mark in MARKS},
            unread=next((row.line.header.number for row in rows if row.fresh), ""),
            categories=sorted({row.line.header.category for row in every}),
            districts=sorted({row.line.header.district for row in every} - {""}),
            priorities=PRIORITIES,
            page=number,
            pages=pages,
            every=len(every),
        )

    def tip(self, request: Request, session: Session) -> Response:
        """Show a tip, and remember that this officer has seen it."""
        tip = session.casework.open(request.path_params["number"])
        wanted = Filter.read(request.query_params)
        around = neighbours(self._arranged(session, self._rows(request, session), wanted), tip.id)
        line = summarize(tip.id, tip.header, tip.thread)
        self._site.context.write_now(lambda unit: remember(unit, session.desk, session.opened.officer, line))
        return self.show(request, session, tip, around=around, done=request.query_params.get("done", ""))

    def act(self, request: Request, session: Session, form: Mapping[str, str]) -> Response:
        """Do something with a tip: a form with a mistake comes back, one without is confirmed, then carried out."""
        action = request.path_params["action"]
        if action not in ACTIONS:
            raise NoSuchTip
        action = cast("Action", action)
        tip = session.casework.open(request.path_params["number"])
        problem = actions.problem(action, form, session.casework, tip)
        if problem or "edit" in form:
            status = 422 if problem else 200
            return self.show(request, session, tip, status, problem=problem, action=action, form_data=form)
        if "confirmed" not in form:
            return self._confirm(request, session, tip, action, form)
        if session.first_time(form.get("once", "")):
            actions.carry_out(action, form, session.casework, tip)
        query = Filter.read(request.query_params).query
        return go(request, f"tips/{tip.tip.number}?done={action}" + (f"&{query}" if query else ""))

    def _confirm(
        self, request: Request, session: Session, tip: OpenTip, action: Action, form: Mapping[str, str]
    ) -> Response:
        targets = {desk.name: desk for desk in session.casework.may_direct(tip)}
        return self._site.show(
            request,
            "confirm.html",
            session=session,
            tip=tip,
            action=action,
            form=form,
            text=form.get("text", "").strip(),
            target=targets.get(form.get("to", "")),
            wanted=Filter.read(request.query_params),
        )

    def show(self, request: Request, session: Session, tip: OpenTip, status: int = 200, **values: object) -> Response:
        """Lay a tip's page out, with what came of the form that was sent."""
        common: dict[str, object] = {"problem": "", "action": "", "form_data": {}, "around": None, "done": ""}
        common |= {"said": {"ordinal": "", "text": "", "problem": "", "drafted": False}}
        days = self._site.words(request).age(tip.header.received, time.time())
        finished = summarize(tip.id, tip.header, tip.thread).finished
        return self._site.show(
            request,
            "tip.html",
            status,
            session=session,
            tip=tip,
            days=days,
            overdue=days > self._site.settings.overdue_days and not finished,
            wanted=Filter.read(request.query_params),
            desks=session.casework.may_direct(tip),
            longest=actions.LONGEST,
            statuses=STATUSES,
            inline=INLINE,
            may_hear=session.casework.may_hear() if tip.voices else False,
            may_contain_voice=may_contain_voice,
            can_draft=any(tip.tip.language in one.languages for one in self._site.context.transcribers),
            longest_transcript=actions.LONGEST_TRANSCRIPT,
            **{**common, **values},
        )

    def _rows(self, request: Request, session: Session) -> list[Row]:
        services, desk = self._site.context, session.desk
        marks = Marks(
            looks=services.read(lambda c: looks_of(c, desk, session.opened.officer)),
            arrivals=services.read(lambda c: arrivals(c, desk)),
            now=time.time(),
            overdue_days=self._site.settings.overdue_days,
        )
        words = self._site.words(request)
        return [marks.row(line, words) for line in session.casework.summaries()]

    def _arranged(self, session: Session, rows: list[Row], wanted: Filter) -> list[Row]:
        found = session.casework.find(wanted.q) if wanted.q.strip() else None
        return arrange(rows, wanted, found)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1  # noqa: PLR2004 - six digits of pages
