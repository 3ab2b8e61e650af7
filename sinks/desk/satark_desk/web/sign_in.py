"""Pages without a session: sign-in, sign-out, language."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from satark.web import FormError, read_form
from satark_desk.officers import UnlockedDesk, WrongPassphrase, unlock
from satark_desk.web.page_text import LANGUAGES
from satark_desk.web.web_context import WebContext, redirect_to, url

_MAX_INPUT = 200


class SignInPages:
    """The pages that need no session."""

    def __init__(self, web: WebContext) -> None:
        self._web = web

    async def show_form(self, request: Request) -> Response:
        """Show the sign-in form."""
        return self._show(request)

    async def sign_in(self, request: Request) -> Response:
        """Sign an officer in. A wrong desk, officer or passphrase gives the same message after the same time."""
        try:
            form = await read_form(request)
        except FormError as error:
            return self._show(request, error.status, problem="error.form")
        desk, officer = form.get("desk", "").strip()[:_MAX_INPUT], form.get("officer", "").strip()[:_MAX_INPUT]
        account = f"{desk}/{officer}"
        wait = self._web.throttle.wait(account)
        if wait > 0:
            return self._show(
                request, 429, problem="sign_in.throttled", seconds=int(wait) + 1, desk=desk, officer=officer
            )
        # Counted before the slow check, so that parallel guesses are throttled too.
        self._web.throttle.failed(account)
        unlocked = await run_in_threadpool(self._unlock, desk, officer, form.get("passphrase", "")[:_MAX_INPUT])
        if unlocked is None:
            return self._show(request, 403, problem="sign_in.wrong", desk=desk, officer=officer)
        self._web.throttle.succeeded(account)
        response = redirect_to(request, "")
        self._web.forget_session(request, response)
        self._web.remember_session(request, response, self._web.sessions.begin(unlocked))
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        response = redirect_to(request, "sign-in?signed_out=1")
        self._web.forget_session(request, response)
        return response

    async def set_language(self, request: Request) -> Response:
        """Change the language, and return to the page that the officer was on."""
        try:
            form = await read_form(request)
        except FormError as error:
            return self._show(request, error.status, problem="error.form")
        response = RedirectResponse(self._own_url(request, form.get("next", "")), status_code=303)
        if form.get("language") in LANGUAGES:
            self._web.remember_language(request, response, form["language"])
        return response

    def _own_url(self, request: Request, address: str) -> str:
        """Return the address if it belongs to the desk, else the desk's home: this is no open redirect."""
        home = url(request, "")
        is_safe = address.isprintable() and "\\" not in address and "//" not in address.partition("?")[0]
        return address if is_safe and address.startswith(home) else home

    def _unlock(self, desk: str, officer: str, passphrase: str) -> UnlockedDesk | None:
        try:
            return unlock(self._web.context, desk, officer, passphrase)
        except WrongPassphrase:
            return None

    def _show(
        self,
        request: Request,
        status: int = 200,
        *,
        problem: str = "",
        seconds: int = 0,
        desk: str = "",
        officer: str = "",
    ) -> Response:
        values = {"problem": problem, "seconds": seconds, "desk": desk, "officer": officer}
        return self._web.show(
            request, "sign_in.html", status, signed_out="signed_out" in request.query_params, **values
        )
