"""The second step of a sign-in: a code from an authenticator app, or a passkey."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from satark.api import FormError, read_form
from satark_desk.second_factors import check_code, factors_of, open_factors
from satark_desk.web.desk_web import PENDING_COOKIE, DeskWeb, redirect_to
from satark_desk.web.session_store import PendingSignIn
from satark_desk.web.sign_in import SignInPages
from satark_desk.web.throttle import LONGEST_HOLD


class SecondFactorSignIn:
    """The page that asks for a second factor."""

    def __init__(self, web: DeskWeb, sign_in: SignInPages) -> None:
        self._web = web
        self._sign_in = sign_in

    async def show_form(self, request: Request) -> Response:
        """Ask for a code or a passkey."""
        pending = self._pending(request)
        if pending is None:
            return redirect_to(request, "sign-in?expired=1")
        return await run_in_threadpool(self._show, request, pending)

    async def check(self, request: Request) -> Response:
        """Check the answer. After `MAX_TRIES` wrong answers, ask for the passphrase again."""
        pending = self._pending(request)
        if pending is None:
            return redirect_to(request, "sign-in?expired=1")
        try:
            form = await read_form(request)
        except FormError as error:
            return await run_in_threadpool(self._show, request, pending, error.status, "error.form")
        # Counted before the check: answers that come in parallel don't get more tries.
        pending.tries += 1
        wait = self._web.code_throttle.reserve(pending.throttle_key)
        if wait > LONGEST_HOLD:
            return await run_in_threadpool(self._show, request, pending, 429, "factor.throttled", int(wait) + 1)
        await asyncio.sleep(wait)
        return await run_in_threadpool(self._finish, request, pending, form)

    def _finish(self, request: Request, pending: PendingSignIn, form: Mapping[str, str]) -> Response:
        if not self._is_right(request, pending, form):
            self._web.code_throttle.failed(pending.throttle_key)
            return self._show(request, pending, 403, "factor.wrong")
        self._web.code_throttle.succeeded(pending.throttle_key)
        response = self._sign_in.begin_session(request, pending.unlocked)
        self._web.forget(request, response, PENDING_COOKIE)
        return response

    def _is_right(self, request: Request, pending: PendingSignIn, form: Mapping[str, str]) -> bool:
        services, challenge = self._web.context, pending.challenge
        if answer := form.get("passkey"):
            from satark_desk.passkeys import check_proof  # noqa: PLC0415 - large, and only passkeys need it

            # A challenge is good for one answer.
            pending.challenge = None
            site = self._web.site(request)
            return challenge is not None and check_proof(services, pending.unlocked, site, challenge, answer)
        return check_code(services, pending.unlocked, form.get("code", "")[:20], now=int(time.time()))

    def _pending(self, request: Request) -> PendingSignIn | None:
        return self._web.pending.find(request.cookies.get(PENDING_COOKIE, ""))

    def _show(
        self, request: Request, pending: PendingSignIn, status: int = 200, problem: str = "", seconds: int = 0
    ) -> Response:
        desk, officer = pending.unlocked.desk.name, pending.unlocked.officer
        kinds = {factor.kind for factor in self._web.context.read(lambda c: factors_of(c, desk, officer))}
        passkeys = open_factors(self._web.context, pending.unlocked, "passkey")
        if passkeys:
            from satark_desk.passkeys import ask_for_proof  # noqa: PLC0415 - large, and only passkeys need it

            pending.challenge = ask_for_proof(self._web.site(request), passkeys)
        options = pending.challenge.options if pending.challenge and passkeys else ""
        values = {"kinds": kinds, "options": options, "problem": problem, "seconds": seconds}
        return self._web.show(request, "second_factor.html", status, **values)
