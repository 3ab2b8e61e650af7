"""Coming in and going out: sign-in, sign-out, language."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from satark.web import FormError, read_form
from satark_desk.officers import Opened, WrongPassphrase, unlock
from satark_desk.web.site import Site, go, url
from satark_desk.web.words import LANGUAGES

_LONGEST = 200


class Doors:
    """The pages that need no session."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def sign_in_page(self, request: Request) -> Response:
        """Show the sign-in form."""
        return self._show(request)

    async def sign_in(self, request: Request) -> Response:
        """Sign an officer in. Desk, officer and passphrase are wrong all in the same way, and in the same time."""
        try:
            form = await read_form(request)
        except FormError as error:
            return self._show(request, error.status, problem="error.form")
        desk, officer = form.get("desk", "").strip()[:_LONGEST], form.get("officer", "").strip()[:_LONGEST]
        account = f"{desk}/{officer}"
        wait = self._site.throttle.wait(account)
        if wait > 0:
            return self._show(request, 429, problem="sign_in.wait", seconds=int(wait) + 1, desk=desk, officer=officer)
        # Counted before the slow work: parallel guesses must not slip through while it runs.
        self._site.throttle.failed(account)
        opened = await run_in_threadpool(self._unlock, desk, officer, form.get("passphrase", "")[:_LONGEST])
        if opened is None:
            return self._show(request, 403, problem="sign_in.wrong", desk=desk, officer=officer)
        self._site.throttle.passed(account)
        response = go(request, "")
        self._site.forget_session(request, response)
        self._site.remember_session(request, response, self._site.sessions.begin(opened))
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        response = go(request, "sign-in?bye=1")
        self._site.forget_session(request, response)
        return response

    async def language(self, request: Request) -> Response:
        """Change the language, and go back to the page that it was changed on."""
        try:
            form = await read_form(request)
        except FormError as error:
            return self._show(request, error.status, problem="error.form")
        response = RedirectResponse(self._own(request, form.get("next", "")), status_code=303)
        if form.get("language") in LANGUAGES:
            self._site.remember_language(request, response, form["language"])
        return response

    def _own(self, request: Request, address: str) -> str:
        """The address, if it is one of the desk's; nobody may use this form to send an officer elsewhere."""
        home = url(request, "")
        plain = address.isprintable() and "\\" not in address and "//" not in address.partition("?")[0]
        return address if plain and address.startswith(home) else home

    def _unlock(self, desk: str, officer: str, passphrase: str) -> Opened | None:
        try:
            return unlock(self._site.context, desk, officer, passphrase)
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
        return self._site.show(request, "sign_in.html", status, bye="bye" in request.query_params, **values)
