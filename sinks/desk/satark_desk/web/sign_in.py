"""Pages without a session: sign-in with a passphrase and then a second factor, sign-out, language."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Mapping

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from satark.api import FormError, Redacted, read_form
from satark.casework import LogHead
from satark_desk.derivation_queue import KNOWN, QUEUE, STRANGER, QueueFull
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.known_browsers import browser_digest, browser_name, officers_in, remember, silence
from satark_desk.officers import KeyLost, WrongPassphrase, officers_of, unlock
from satark_desk.roster_memory import recall
from satark_desk.second_factors import check_code, factors_of, open_factors
from satark_desk.sign_in_acts import lacks_seen_head, record_failure
from satark_desk.web.guess_delays import LONGEST_HOLD, Visits
from satark_desk.web.page_requests import (
    BROWSER_COOKIE,
    LANGUAGE_COOKIE,
    LOG_COOKIE,
    NEXT_COOKIE,
    PENDING_COOKIE,
    ROSTER_COOKIE,
    SESSION_COOKIE,
    VISIT_COOKIE,
    DeskWeb,
    redirect_to,
    url,
)
from satark_desk.web.page_text import officers_languages
from satark_desk.web.session_store import PendingSignIn

_MAX_INPUT = 200
_BUSY_SECONDS = 10
"""Seconds after which a stranger may try again if too many attempts wait."""


class _Attempt(Redacted, frozen=True):
    """One try to sign in."""

    desk: str
    officer: str
    passphrase: str
    browser_is_known: bool
    key: str
    """Key of the counted failures: those of the officer's own browser, else those of all strangers on the account."""
    roster: str
    """The roster's head that the browser remembers."""
    visit: str
    """Id of the page visit that the attempt comes from; the attempt takes this visit's turn. All attempts
    without such a visit share one turn."""


class SignInPages:
    """The pages that need no session."""

    def __init__(self, web: DeskWeb) -> None:
        self._web = web
        self._held = 0
        self._unknown = Counter[str]()
        """Desk → failed sign-ins there with the names of no officer."""
        self._visits = Visits()

    async def show_form(self, request: Request) -> Response:
        """Show the sign-in form."""
        return self._show(request)

    async def sign_in(self, request: Request) -> Response:
        """Sign an officer in. A wrong desk, officer or passphrase gives the same message after the same time."""
        try:
            attempt = await self._read_attempt(request, await read_form(request))
        except FormError as error:
            return self._show(request, error.status, problem="error.form")
        wait = await self._wait_for_turn(attempt)
        if wait:
            return self._show(request, 429, attempt, problem="sign_in.throttled", seconds=wait)
        try:
            unlocked = await self._check(attempt)
        except QueueFull:
            return self._show(request, 503, attempt, problem="sign_in.busy", seconds=_BUSY_SECONDS)
        except KeyLost:
            return self._show(request, 409, attempt, problem="sign_in.key_lost")
        if unlocked is None:
            self._web.throttle.failed(attempt.key)
            response = self._show(request, 403, attempt, problem="sign_in.wrong")
            # After the answer, so that the time of the answer does not tell whether there is such a desk.
            response.background = BackgroundTask(
                self._record_failure, attempt, self._web.throttle.failures(attempt.key)
            )
            return response
        self._web.throttle.succeeded(attempt.key)
        if self._web.is_replaced:  # the browser sends the form again, to the process that will know the session
            return RedirectResponse(url(request, "sign-in"), status_code=307)
        self._web.signing_in += 1
        try:
            return await run_in_threadpool(self._go_on, request, unlocked, attempt.key)
        finally:
            self._web.signing_in -= 1

    def _record_failure(self, attempt: _Attempt, failures: int) -> None:
        """Record failures of an officer; those at names that nobody has together, or each new name would add a row."""
        services, desk = self._web.context, attempt.desk
        names = services.read(lambda connection: officers_of(connection, desk))
        if attempt.officer in names:
            record_failure(services, desk, attempt.officer, failures)
        elif names:
            self._unknown[desk] += 1
            record_failure(services, desk, "", self._unknown[desk])

    async def sign_out(self, request: Request) -> Response:
        """End the session. Nothing wakes this browser from then on."""
        value = request.cookies.get(BROWSER_COOKIE, "")
        await run_in_threadpool(self._web.context.write_now, lambda unit: silence(unit, value))
        response = redirect_to(request, "sign-in?signed_out=1")
        self._web.forget(request, response, NEXT_COOKIE)
        self._web.forget(request, response, SESSION_COOKIE)
        return response

    async def set_language(self, request: Request) -> Response:
        """Change the language, and return to the page that the officer was on."""
        try:
            form = await read_form(request)
        except FormError as error:
            return self._show(request, error.status, problem="error.form")
        response = RedirectResponse(self._web.own_address(request, form.get("next", "")), status_code=303)
        if form.get("language") in officers_languages():
            self._web.remember(request, response, LANGUAGE_COOKIE, form["language"])
        return response

    def begin_session(self, request: Request, unlocked: UnlockedDesk) -> Response:
        """Begin a session, and make the browser known. Blocks: call it from a thread."""
        services, sent = self._web.context, request.cookies.get(BROWSER_COOKIE, "")
        # A value that somebody else put there makes no browser known.
        value = sent if services.read(lambda c: officers_in(c, sent)) else secrets.token_urlsafe(32)
        name, now = browser_name(request.headers.get("user-agent", "")), int(time.time())
        desk, officer = unlocked.desk.name, unlocked.officer
        services.write_now(lambda unit: remember(unit, desk, officer, value, name=name, now=now))
        after = self._web.address_after_sign_in(request, unlocked)
        response = redirect_to(request, "passphrase" if unlocked.temporary else "")
        if after and not unlocked.temporary:
            response = RedirectResponse(after, status_code=303)
        self._web.forget(request, response, NEXT_COOKIE)
        self._web.forget(request, response, SESSION_COOKIE)
        self._web.remember(request, response, BROWSER_COOKIE, value)
        missing = lacks_seen_head(services, request.cookies.get(LOG_COOKIE, ""))
        token = self._web.sessions.begin(unlocked, browser_digest(value))
        self._web.remember(request, response, SESSION_COOKIE, token)
        self._recall_roster(request, response, token)
        return self._compare_log(request, response, token, missing=missing)

    def _recall_roster(self, request: Request, response: Response, token: str) -> None:
        """Compare the roster with the head that the browser noted last; note the present one unless that is missing."""
        if session := self._web.sessions.find(token):
            recalled = recall(self._web.context, session.unlocked, request.cookies.get(ROSTER_COOKIE, ""))
            session.roster_lost = recalled.is_lost
            if recalled.noted:
                self._web.remember(request, response, ROSTER_COOKIE, recalled.noted)

    def _compare_log(self, request: Request, response: Response, token: str, *, missing: bool) -> Response:
        """Note the log's head in the browser; warn if the log lacks the head that the browser noted last."""
        session = self._web.sessions.find(token)
        if session is not None and missing:
            session.casework.trail.record("log_missing", detail=request.cookies.get(LOG_COOKIE, ""))
            session.log_missing = True
        elif head := self._web.context.read(lambda connection: LogHead.shown(connection, int(time.time()))):
            self._web.remember(request, response, LOG_COOKIE, str(head))
        return response

    async def _read_attempt(self, request: Request, form: Mapping[str, str]) -> _Attempt:
        desk, officer = (form.get(name, "").strip()[:_MAX_INPUT] for name in ("desk", "officer"))
        value = request.cookies.get(BROWSER_COOKIE, "")
        services = self._web.context
        desk = next((one.name for one in services.desks() if one.title.casefold() == desk.casefold()), desk)
        those = await run_in_threadpool(services.read, lambda c: officers_in(c, value)) if value else ()
        known = (desk, officer) in those
        key = f"{'browser' if known else 'strangers'}:{browser_digest(value).hex() if known else ''}:{desk}/{officer}"
        visit = self._visits.checked(request.cookies.get(VISIT_COOKIE, ""))
        roster = request.cookies.get(ROSTER_COOKIE, "")
        return _Attempt(desk, officer, form.get("passphrase", "")[:_MAX_INPUT], known, key, roster, visit)

    async def _wait_for_turn(self, attempt: _Attempt) -> int:
        """Hold an attempt back until its turn; if that is too far off, return the seconds after which to try again."""
        wait = self._web.throttle.reserve(attempt.key)
        too_many = self._held >= self._web.settings.passphrase_checks_waiting
        if wait > LONGEST_HOLD or (wait and too_many and not attempt.browser_is_known):
            return int(wait) + 1
        self._held += 1
        try:
            await asyncio.sleep(wait)
        finally:
            self._held -= 1
        return 0

    async def _check(self, attempt: _Attempt) -> UnlockedDesk | None:
        """Check a passphrase in the derivation queue. No thread of this process blocks meanwhile."""
        same = (attempt.key, attempt.desk, attempt.officer, attempt.passphrase)
        waiting = QUEUE.submit(lambda: self._unlock(attempt), lambda: self._rank(attempt), same, attempt.visit)
        return await asyncio.wrap_future(waiting)

    def _rank(self, attempt: _Attempt) -> int:
        return KNOWN if attempt.browser_is_known else STRANGER + self._web.throttle.failures(attempt.key)

    def _unlock(self, attempt: _Attempt) -> UnlockedDesk | None:
        try:
            return unlock(self._web.context, attempt.desk, attempt.officer, attempt.passphrase, attempt.roster)
        except WrongPassphrase:
            return None

    def _go_on(self, request: Request, unlocked: UnlockedDesk, key: str) -> Response:
        """Begin the session, or ask for the second factor."""
        desk, officer = unlocked.desk.name, unlocked.officer
        if not self._web.context.read(lambda c: factors_of(c, desk, officer)):
            return self.begin_session(request, unlocked)
        response = redirect_to(request, "second-factor")
        self._web.remember(request, response, PENDING_COOKIE, self._web.pending.begin(unlocked, key))
        return response

    def _show(
        self,
        request: Request,
        status: int = 200,
        attempt: _Attempt | None = None,
        *,
        problem: str = "",
        seconds: int = 0,
    ) -> Response:
        typed = {"desk": attempt.desk, "officer": attempt.officer} if attempt else {"desk": "", "officer": ""}
        notice = next((name for name in ("signed_out", "expired") if name in request.query_params), "")
        response = self._web.show(
            request, "sign_in.html", status, notice=notice, problem=problem, seconds=seconds, **typed
        )
        if not self._visits.checked(request.cookies.get(VISIT_COOKIE, "")):
            self._web.remember(request, response, VISIT_COOKIE, self._visits.begin())
        if seconds:
            response.headers["retry-after"] = str(seconds)
        return response


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
