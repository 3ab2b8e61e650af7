"""Shared state of the pages: sessions, throttle, languages, templates, and the wrappers of page handlers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from satark.desk import CaseworkError
from satark.languages import language_name
from satark.sealing import CantOpen
from satark.web import FormError, page_templates, preferred, read_form
from satark_desk.officers import still_valid
from satark_desk.web.page_text import LANGUAGES, PageText
from satark_desk.web.sessions import Session, Sessions
from satark_desk.web.throttle import Throttle

if TYPE_CHECKING:
    from satark.services import DeskContext
    from satark_desk.settings import DeskSettings

SESSION_COOKIE = "satark-desk"
LANGUAGE_COOKIE = "satark-desk-language"
_YEAR = 365 * 24 * 3600

PageHandler: TypeAlias = Callable[[Request, Session], Response]
FormHandler: TypeAlias = Callable[[Request, Session, Mapping[str, str]], Response]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class WebContext:
    """What all pages of one process share."""

    def __init__(self, context: DeskContext, settings: DeskSettings, public_url: str = "") -> None:
        self.context = context
        self.settings = settings
        self.sessions = Sessions(context, settings)
        self.throttle = Throttle()
        self._public = public_url
        self._text = {name: PageText(name, context.geography, settings.utc_offset_hours) for name in LANGUAGES}
        self._templates = page_templates(Path(__file__).parent / "templates")

    def text(self, request: Request) -> PageText:
        """Return the page text in the officer's language."""
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        return self._text[
            chosen if chosen in LANGUAGES else preferred(request.headers.get("accept-language", ""), LANGUAGES)
        ]

    def show(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """Render a template."""
        common = {
            "t": self.text(request),
            "url": lambda path: url(request, path),
            "here": f"{request.url.path}?{request.url.query}".removesuffix("?"),
            "languages": {language: language_name(language) for language in LANGUAGES},
            "session": None,
            "once": secrets.token_urlsafe(12),
            "now": time.time(),
        }
        return HTMLResponse(self._templates.get_template(template).render({**common, **values}), status)

    def page(self, handler: PageHandler) -> Endpoint:
        """Wrap a page handler for signed-in officers as an endpoint."""

        async def endpoint(request: Request) -> Response:
            session = await run_in_threadpool(self._session, request)
            if session is None:
                return redirect_to_sign_in(request)
            return await run_in_threadpool(self._handle_errors, request, lambda: handler(request, session))

        return endpoint

    def form(self, handler: FormHandler) -> Endpoint:
        """Wrap a form handler for signed-in officers as an endpoint."""

        async def endpoint(request: Request) -> Response:
            session = await run_in_threadpool(self._session, request)
            if session is None:
                return redirect_to_sign_in(request)
            try:
                form = await read_form(request)
            except FormError as error:
                return self.show(request, "error.html", error.status, what="error.form", session=session)
            return await run_in_threadpool(self._handle_errors, request, lambda: handler(request, session, form))

        return endpoint

    def remember_language(self, request: Request, response: Response, language: str) -> None:
        """Store the chosen language in the browser, for a year."""
        self._set_cookie(request, response, LANGUAGE_COOKIE, language, max_age=_YEAR)

    def remember_session(self, request: Request, response: Response, token: str) -> None:
        """Store the session in the browser, until it is closed."""
        self._set_cookie(request, response, SESSION_COOKIE, token)

    def forget_session(self, request: Request, response: Response) -> None:
        """End the session, and delete it from the browser."""
        self.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
        response.delete_cookie(SESSION_COOKIE, path=_root(request), httponly=True, samesite="strict")

    def _session(self, request: Request) -> Session | None:
        token = request.cookies.get(SESSION_COOKIE, "")
        session = self.sessions.find(token, used="poll" not in request.query_params)
        if session is not None and not still_valid(self.context, session.unlocked):
            self.sessions.end(token)
            return None
        return session

    def _handle_errors(self, request: Request, answer: Callable[[], Response]) -> Response:
        try:
            return answer()
        except CaseworkError:
            return self.show(request, "error.html", 404, what="error.not_found", session=self._session(request))
        except (CantOpen, FileNotFoundError):
            return self.show(request, "error.html", 409, what="error.damaged", session=self._session(request))

    def _set_cookie(
        self, request: Request, response: Response, name: str, value: str, max_age: int | None = None
    ) -> None:
        secure = request.url.scheme == "https" or self._public.startswith("https:")
        response.set_cookie(
            name, value, max_age=max_age, path=_root(request), secure=secure, httponly=True, samesite="strict"
        )


def url(request: Request, path: str) -> str:
    """Return the address of a page of the desk, under the path where the desk is mounted."""
    return f"{request.scope.get('root_path', '')}/{path}"


def redirect_to(request: Request, path: str) -> Response:
    """Redirect the browser to a page of the desk, with GET."""
    return RedirectResponse(url(request, path), status_code=303)


def redirect_to_sign_in(request: Request) -> Response:
    """Redirect the browser to the sign-in page; a request of htmx redirects the whole page."""
    if "hx-request" in request.headers:
        return Response(headers={"hx-redirect": url(request, "sign-in")})
    return redirect_to(request, "sign-in")


def _root(request: Request) -> str:
    return request.scope.get("root_path", "") or "/"
