"""Pages of a signed-in officer: the queue, a tip, and the actions on it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from satark.officer import (
    NoSuchTip,
    OpenTip,
    can_speak,
    destination_faults,
    is_muted,
    may_contain_voice,
    may_hear_voices,
    summarize,
)
from satark.tip import STATUSES
from satark_desk.read_state import delivery_times, mark_read, read_states
from satark_desk.releases import originals_of
from satark_desk.web import actions
from satark_desk.web.actions import ACTIONS, Action
from satark_desk.web.files import INLINE
from satark_desk.web.queue import MARKS, PRIORITIES, Filter, Row, RowBuilder, count_by_status, filter_rows, neighbours
from satark_desk.web.sessions import Session
from satark_desk.web.web_context import WebContext, redirect_to


class DeskPages:
    """The queue, a tip, and the actions on it."""

    def __init__(self, web: WebContext) -> None:
        self._web = web

    def queue(self, request: Request, session: Session) -> Response:
        """Show a page of the queue."""
        wanted = Filter.read(request.query_params)
        every = self._rows(request, session)
        rows = self._filtered(session, every, wanted)
        size = self._web.settings.page_size
        pages = max(1, -(-len(rows) // size))
        number = min(max(_number(request.query_params.get("page", "")), 1), pages)
        services, desk = self._web.context, session.desk
        return self._web.show(
            request,
            "queue.html",
            session=session,
            destination_faults=services.read(lambda c: destination_faults(c, desk, services.destination_rules)),
            wanted=wanted,
            rows=rows[(number - 1) * size : number * size],
            total=len(rows),
            counts=count_by_status(every),
            marks={mark: sum(row.has(mark) for row in every) for mark in MARKS},
            unread=next((row.summary.header.number for row in rows if row.unread), ""),
            categories=sorted({row.summary.header.category for row in every}),
            districts=sorted({row.summary.header.district for row in every} - {""}),
            priorities=PRIORITIES,
            page=number,
            pages=pages,
            every=len(every),
        )

    def tip(self, request: Request, session: Session) -> Response:
        """Show a tip, and record that this officer has seen it."""
        tip = session.casework.open(request.path_params["number"])
        wanted = Filter.read(request.query_params)
        near = neighbours(self._filtered(session, self._rows(request, session), wanted), tip.id)
        summary = summarize(tip.id, tip.header, tip.thread)
        self._web.context.write_now(lambda unit: mark_read(unit, session.desk, session.unlocked.officer, summary))
        return self.show(request, session, tip, near=near, done=request.query_params.get("done", ""))

    def act(self, request: Request, session: Session, form: Mapping[str, str]) -> Response:
        """Handle the form of an action: show it again with an error, ask for confirmation, or perform the action."""
        action = request.path_params["action"]
        if action not in ACTIONS:
            raise NoSuchTip
        action = cast("Action", action)
        tip = session.casework.open(request.path_params["number"])
        problem = actions.validate(action, form, session.casework, tip)
        if problem or "edit" in form:
            status = 422 if problem else 200
            return self.show(request, session, tip, status, problem=problem, action=action, form_data=form)
        if "confirmed" not in form:
            return self._confirm(request, session, tip, action, form)
        if session.is_first_submission(form.get("once", "")):
            actions.perform(action, form, session.casework, tip)
        query = Filter.read(request.query_params).query
        return redirect_to(request, f"tips/{tip.tip.number}?done={action}" + (f"&{query}" if query else ""))

    def _confirm(
        self, request: Request, session: Session, tip: OpenTip, action: Action, form: Mapping[str, str]
    ) -> Response:
        targets = {desk.name: desk for desk in session.casework.allowed_targets(tip)}
        return self._web.show(
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
        """Render a tip's page, with the outcome of a submitted form in `values`."""
        common: dict[str, object] = {"problem": "", "action": "", "form_data": {}, "near": None, "done": ""}
        common |= {"transcript_form": {"ordinal": "", "text": "", "problem": "", "drafted": False}}
        common["originals"] = originals_of(self._web.context, session.unlocked, tip)
        days = self._web.text(request).age(tip.header.received, time.time())
        finished = summarize(tip.id, tip.header, tip.thread).finished
        return self._web.show(
            request,
            "tip.html",
            status,
            session=session,
            tip=tip,
            days=days,
            overdue=days > self._web.settings.overdue_days and not finished,
            wanted=Filter.read(request.query_params),
            desks=session.casework.allowed_targets(tip),
            longest=actions.MAX_TEXT,
            statuses=STATUSES,
            inline=INLINE,
            may_hear=session.casework.may_hear() if tip.voices else False,
            may_contain_voice=may_contain_voice,
            is_muted=is_muted,
            can_speak=can_speak(tip.tip.language),
            can_draft=any(tip.tip.language in one.languages for one in self._web.context.transcribers),
            longest_transcript=actions.MAX_TRANSCRIPT,
            may_hear_here=may_hear_voices(session.unlocked.desk.level),
            **{**common, **values},
        )

    def _rows(self, request: Request, session: Session) -> list[Row]:
        services, desk = self._web.context, session.desk
        builder = RowBuilder(
            read_states=services.read(lambda c: read_states(c, desk, session.unlocked.officer)),
            delivered=services.read(delivery_times),
            now=time.time(),
            overdue_days=self._web.settings.overdue_days,
        )
        text = self._web.text(request)
        return [builder.row(summary, text) for summary in session.casework.summaries()]

    def _filtered(self, session: Session, rows: list[Row], wanted: Filter) -> list[Row]:
        found = session.casework.find(wanted.q) if wanted.q.strip() else None
        return filter_rows(rows, wanted, found)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1  # noqa: PLR2004 - at most six digits
