"""Retention on the web: lists due and held tips, and offers the steps that need two officers."""

import time
from collections.abc import Mapping
from typing import cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from satark.api import RetentionStep
from satark.casework import MAX_TEXT, NoRetentionKey, NoSuchTip, OpenTip, StepRefused, TipKeeping
from satark_desk.web.page_requests import Pages, redirect_to
from satark_desk.web.session_store import OfficerSession

_DAY = 86_400
_SOON = 60
"""Number of days, before a tip is due, for which the page lists the tip as due soon."""
_STEPS: tuple[RetentionStep, ...] = tuple(step for step in get_args(RetentionStep) if step.startswith("ask_"))


class RetentionPages(Pages):
    """The list of due and held tips, and one tip's page with the steps."""

    def overview(self, request: Request, session: OfficerSession) -> Response:
        """List the tips that are due, soon due, held, or waiting for a second officer."""
        today = self._today()
        kept = session.casework.keepings()
        free = [one for one in kept if not one[1].held]
        return self._web.show(
            request,
            "retention.html",
            session=session,
            sections={
                "asked": [one for one in kept if one[1].asked],
                "due": [one for one in free if one[1].due <= today],
                "soon": [one for one in free if today < one[1].due <= today + _SOON],
                "held": [one for one in kept if one[1].held],
            },
            automatic=self._web.context.retention.automatic,
            seconds=_DAY,
        )

    def tip(self, request: Request, session: OfficerSession) -> Response:
        """Show a tip's retention, with the steps that may be taken now."""
        return self._show(request, session, session.casework.open(request.path_params["number"]))

    def step(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Ask for a step, or agree to another officer's step."""
        step = request.path_params["step"]
        if step not in (*_STEPS, "agree"):
            raise NoSuchTip
        tip = session.casework.open(request.path_params["number"])
        reason = form.get("reason", "").strip()
        if step != "agree" and (not reason or len(reason) > MAX_TEXT):
            problem = "problem.long" if reason else "retention.no_reason"
        elif session.is_first_submission(form.get("once", "")):
            problem = self._take(session, tip, step, form)
        else:
            problem = ""
        if problem:
            return self._show(request, session, tip, 422, problem=problem, written={step: reason})
        return redirect_to(request, f"retention/{tip.tip.number}?done=1")

    def _take(self, session: OfficerSession, tip: OpenTip, step: str, form: Mapping[str, str]) -> str:
        """Take a step; return the key of the text that says why the step is refused, empty if it is taken."""
        work = TipKeeping(self._web.context, session.casework)
        try:
            if step == "agree":
                asked_at = form.get("asked_at", "")
                work.agree(tip, int(asked_at) if asked_at.isdecimal() else 0)
            else:
                work.ask(tip, cast("RetentionStep", step), form.get("reason", "").strip())
        except StepRefused:
            return "retention.refused"
        except NoRetentionKey:
            return "retention.no_key"
        return ""

    def _show(
        self, request: Request, session: OfficerSession, tip: OpenTip, status: int = 200, **values: object
    ) -> Response:
        keeping = TipKeeping(self._web.context, session.casework).of(tip)
        return self._web.show(
            request,
            "retention_tip.html",
            status,
            session=session,
            tip=tip,
            keeping=keeping,
            is_due=keeping.is_due(self._today()),
            automatic=self._web.context.retention.automatic,
            asked_by_me=keeping.asked_by == (session.desk, session.officer),
            done="done" in request.query_params,
            seconds=_DAY,
            **{"problem": "", "written": {}, **values},
        )

    def _today(self) -> int:
        return int(time.time()) // _DAY
