"""Recovery on the web: an officer without passphrase or factor asks, another officer of the desk approves."""

import asyncio
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from satark.api import CaseworkError, FormError, read_form
from satark_desk.derivation_queue import LAST, QUEUE, QueueFull
from satark_desk.passphrases import MIN_LENGTH, WeakPassphrase, check_passphrase
from satark_desk.recovery import approve_recovery, ask_for_recovery, requests_of
from satark_desk.web.guess_delays import LONGEST_GAP_OF_CODES, LONGEST_HOLD, Throttle
from satark_desk.web.page_requests import DeskWeb, redirect_to
from satark_desk.web.session_store import OfficerSession

_MAX_INPUT = 200


class RecoveryPages:
    """The page that asks for a recovery, and the one that approves it."""

    def __init__(self, web: DeskWeb) -> None:
        self._web = web
        self._asked = Throttle(LONGEST_GAP_OF_CODES)
        self._approved = Throttle(LONGEST_GAP_OF_CODES)

    async def show_form(self, request: Request) -> Response:
        """Show the form that asks for a recovery."""
        return self._show(request)

    async def ask(self, request: Request) -> Response:
        """Store a request, and show its code. The answer is the same whether there is such an officer or not."""
        try:
            form = await read_form(request)
        except FormError as error:
            return self._show(request, error.status, problem="error.form")
        desk, officer = (form.get(name, "").strip()[:_MAX_INPUT] for name in ("desk", "officer"))
        passphrase = form.get("new", "")[:_MAX_INPUT]
        problem = await run_in_threadpool(self._problem_of, form, desk, officer)
        if problem:
            return self._show(request, 422, problem=problem, desk=desk, officer=officer)
        account = f"{desk}/{officer}"
        wait = self._asked.reserve(account)
        if wait > LONGEST_HOLD:
            seconds = int(wait) + 1
            return self._show(request, 429, problem="factor.throttled", seconds=seconds, desk=desk, officer=officer)
        await asyncio.sleep(wait)
        self._asked.failed(account)
        try:
            asked = await asyncio.wrap_future(
                QUEUE.submit(lambda: ask_for_recovery(self._web.context, desk, officer, passphrase), LAST)
            )
        except QueueFull:
            return self._show(request, 503, problem="sign_in.busy", seconds=10, desk=desk, officer=officer)
        return self._show(request, asked=asked, desk=desk, officer=officer)

    def requests(self, request: Request, session: OfficerSession, status: int = 200, **refused: object) -> Response:
        """Show the officers who wait for approval, with the reason if an approval was refused."""
        waiting = self._web.context.read(lambda c: requests_of(c, session.desk))
        others = [one for one in waiting if one.officer != session.officer]
        done = request.query_params.get("done", "")
        done = done if done in {"all", "signed"} else ""
        values = {"session": session, "waiting": others, "done": done, "problem": "", "seconds": 0, **refused}
        return self._web.show(request, "recoveries.html", status, **values)

    def approve(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Approve a request by its code."""
        officer, code = form.get("officer", "")[:_MAX_INPUT], form.get("code", "")[:20]
        key = f"{session.desk}/{session.officer}"
        if wait := self._approved.wait(key):
            return self.requests(request, session, 429, problem="factor.throttled", seconds=int(wait) + 1)
        try:
            submitted = approve_recovery(self._web.context, session.unlocked, officer, code)
        except CaseworkError:
            self._approved.failed(key)
            return self.requests(request, session, 422, problem="recoveries.wrong")
        session.casework.trail.record("recovery_approved", detail=officer)
        return redirect_to(request, "recoveries?done=" + ("all" if submitted.done else "signed"))

    def _problem_of(self, form: Mapping[str, str], desk: str, officer: str) -> str:
        if form.get("new", "") != form.get("again", ""):
            return "passphrase.differs"
        try:
            check_passphrase(form.get("new", "")[:_MAX_INPUT], (desk, officer), self._web.context.geography)
        except WeakPassphrase as weak:
            return weak.advice
        return ""

    def _show(self, request: Request, status: int = 200, **values: object) -> Response:
        empty = {"problem": "", "seconds": 0, "desk": "", "officer": "", "asked": None}
        return self._web.show(request, "recover.html", status, shortest=MIN_LENGTH, **{**empty, **values})
