"""Shared state of the pages: sessions, throttle, languages, templates, and the wrappers of page handlers."""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote, unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from satark.api import CantOpen, CaseworkError, FormError, page_templates, preferred, read_form
from satark.casework import ActKind, DeskContext, Proposal, desks_seen, differing_machines, missing_tips
from satark_desk.derivation_queue import QUEUE, QueueFull
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.known_browsers import officers_in
from satark_desk.officers import changes_known_key, still_valid
from satark_desk.recovery import requests_of
from satark_desk.roster_memory import unseen_entries
from satark_desk.second_factors import PasskeySite
from satark_desk.settings import DeskSettings
from satark_desk.web.guess_delays import LONGEST_GAP_OF_CODES, Throttle
from satark_desk.web.help_topics import ACT_KEYS, SIGN_IN_TOPICS, TOPICS
from satark_desk.web.page_text import PageText, officers_languages
from satark_desk.web.session_store import SECOND_FACTOR_WITHIN, OfficerSession, PendingSignIns, Sessions
from satark_words.languages import language_name

SESSION_COOKIE = "satark-desk"
LANGUAGE_COOKIE = "satark-desk-language"
BROWSER_COOKIE = "satark-desk-browser"
PENDING_COOKIE = "satark-desk-pending"
LOG_COOKIE = "satark-desk-log"
ROSTER_COOKIE = "satark-desk-roster"
VISIT_COOKIE = "satark-desk-visit"
NEXT_COOKIE = "satark-desk-next"
_MAX_NEXT = 500
"""Most characters of an address that is stored through the sign-in."""
KEPT_FORMS = ("tips", "retention", "bulk", "typed")
"""First parts of the addresses whose forms the desk keeps when the session has ended. None of these forms takes a
secret."""
_FOR_AUDITORS = ("audit", "roster", "account", "passphrase", "help")
"""First parts of the addresses that an auditor may open. They show no content of a tip."""
_WITHOUT_TIPS = (*_FOR_AUDITORS, "recoveries")
"""First parts of the addresses of pages that show no tip: these pages don't wait until the desk's tips are opened."""
_OF_TIPS_SO_FAR = ("", "news")
"""First parts of the addresses of pages that show the tips that were read, even if the desk has more."""
_YEAR = 365 * 24 * 3600
_MAX_AGES = {
    LANGUAGE_COOKIE: _YEAR, BROWSER_COOKIE: _YEAR, LOG_COOKIE: _YEAR, ROSTER_COOKIE: _YEAR,
    PENDING_COOKIE: int(SECOND_FACTOR_WITHIN),
}  # fmt: skip
"""Cookie → seconds for which a browser keeps it. A browser keeps every other cookie until the browser is closed."""

PageHandler: TypeAlias = Callable[[Request, OfficerSession], Response]
FormHandler: TypeAlias = Callable[[Request, OfficerSession, Mapping[str, str]], Response]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class DeskWeb:
    """The shared state of all pages of one process."""

    def __init__(self, context: DeskContext, settings: DeskSettings, public_url: str = "") -> None:
        self.context = context
        self.settings = settings
        self.sessions = Sessions(context, settings)
        self.pending = PendingSignIns()
        self.throttle = Throttle()
        self.code_throttle = Throttle(LONGEST_GAP_OF_CODES)
        self.signing_in = 0
        """Officers whose passphrase was right and whose session, or pending sign-in, begins."""
        self.is_replaced = False
        """Whether another process answers new requests: no session may begin here."""
        QUEUE.resize(settings.passphrase_checks_at_once, settings.passphrase_checks_waiting)
        self.drafts = self.sessions.drafts
        self._public = public_url
        self._text = {
            name: PageText(name, context.geography, settings.utc_offset_hours, context.questionnaire)
            for name in officers_languages()
        }
        self._templates = page_templates(Path(__file__).parent / "templates")

    def in_use(self) -> bool:
        """Return whether the process must be kept: an officer is signed in or about to be, or wrong codes count."""
        return bool(self.signing_in) or any(one.in_use() for one in (self.sessions, self.pending, self.code_throttle))

    def leave(self) -> None:
        """Begin no session from now on. Call this from the event loop."""
        self.is_replaced = True

    def text(self, request: Request) -> PageText:
        """Return the page text in the officer's language."""
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        spoken = tuple(self._text)
        return self._text[chosen if chosen in spoken else preferred(request.headers.get("accept-language", ""), spoken)]

    def texts(self) -> tuple[PageText, ...]:
        """Return the page text in each language."""
        return tuple(self._text.values())

    def show(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """Render a template."""
        common = {
            "t": self.text(request),
            "url": lambda path: url(request, path),
            "here": _address(request),
            "languages": {language: language_name(language) for language in self._text},
            "session": None,
            "roster_news": 0,
            "roster_alarm": False,
            "roster_lost": False,
            "known_key": False,
            "tips_missing": 0,
            "machines_differ": 0,
            "unsigned": 0,
            "recoveries": 0,
            "once": secrets.token_urlsafe(12),
            "now": time.time(),
            "topics": TOPICS,
            "act_keys": ACT_KEYS,
        }
        if isinstance(session := values.get("session"), OfficerSession):
            common |= self._roster_notices(session)
            common["titles"] = {desk.name: desk.title for desk in self.context.desks()}
        return HTMLResponse(self._templates.get_template(template).render({**common, **values}), status)

    def _roster_notices(self, session: OfficerSession) -> dict[str, Any]:
        """Return the number of entries of the roster that the officer was not shown, and whether there is an alarm.

        A head is told if the desk's key must change, since their sign-in could not change it, or came before. Only
        heads without a desk above them see the number of missing tips, since it tells of others' tips.
        """
        services, role = self.context, session.unlocked.role
        checked = services.read_keys(services.roster.check)
        alarm = bool(services.inspect_rosters())
        own = session.desk, session.officer
        is_highest = role == "head" and own[0] in desks_seen(checked.state, services.geography, own[0], role)
        return {
            "roster_news": unseen_entries(services, session.unlocked, checked.state),
            "roster_alarm": alarm,
            "roster_lost": bool(checked.lost) or session.roster_lost,
            "known_key": changes_known_key(checked.state, session.unlocked),
            "tips_missing": missing_tips(services) if is_highest else 0,
            "machines_differ": differing_machines(services) if is_highest else 0,
            "unsigned": sum(own not in one.entry.signers for one in services.read(Proposal.all)),
            "recoveries": sum(one.officer != own[1] for one in services.read(lambda c: requests_of(c, own[0]))),
        }

    async def help(self, request: Request) -> Response:
        """Show the help of all pages: each page's purpose and keys.

        Without JavaScript, `?` leads to this page. Somebody who is not signed in sees the help on signing in.
        """
        if await run_in_threadpool(self._session, request) is None:
            return self.show(request, "help.html", shown=SIGN_IN_TOPICS)
        page = self.page(
            lambda _, session: self.show(request, "help.html", session=session, shown=TOPICS), for_temporary=True
        )
        return await page(request)

    def page(self, handler: PageHandler, *, for_temporary: bool = False) -> Endpoint:
        """Wrap a page handler for signed-in officers as an endpoint.

        `for_temporary`: officers with a temporary passphrase may open the page too. Every other page sends such an
        officer to the form that changes the passphrase.
        """

        async def endpoint(request: Request) -> Response:
            session = await run_in_threadpool(self._session, request)
            if session is None:
                return self.sign_in_first(request)
            if elsewhere := _elsewhere(request, session, for_temporary=for_temporary):
                return redirect_to(request, elsewhere)
            if (part := _first_part(request)) not in _WITHOUT_TIPS:
                number = "" if part in _OF_TIPS_SO_FAR else request.path_params.get("number")
                if progress := await run_in_threadpool(session.opened.progress, number):
                    return self.show(request, "opening.html", 200, session=session, progress=progress)
            return await run_in_threadpool(self._handle, request, session, lambda: handler(request, session))

        return endpoint

    def form(self, handler: FormHandler, *, for_temporary: bool = False) -> Endpoint:
        """Wrap a form handler for signed-in officers as an endpoint; `for_temporary` as for a page."""

        async def endpoint(request: Request) -> Response:
            session = await run_in_threadpool(self._session, request)
            if session is None:
                return await self._keep_form(request)
            if elsewhere := _elsewhere(request, session, for_temporary=for_temporary):
                return redirect_to(request, elsewhere)
            try:
                form = await read_form(request)
            except FormError as error:
                return self.show(request, "error.html", error.status, what="error.form", session=session)
            return await run_in_threadpool(self._handle, request, session, lambda: handler(request, session, form))

        return endpoint

    def sign_in_first(self, request: Request, after: str = "") -> Response:
        """Send the browser to the sign-in page; for a request of htmx, the whole page.

        Remember the address to open afterwards: `after`, or the present address.
        """
        response = redirect_to(request, "sign-in")
        if "hx-request" in request.headers:
            response = Response(headers={"hx-redirect": url(request, "sign-in")})
        is_page = request.method == "GET" and request.headers.get("sec-fetch-dest", "document") == "document"
        address = after or (_address(request) if is_page else "")
        if address not in {"", url(request, "")} and len(address) <= _MAX_NEXT:
            # In a cookie, since an address would stand in the logs of whoever terminates TLS.
            self.remember(request, response, NEXT_COOKIE, quote(address))
        return response

    def address_after_sign_in(self, request: Request, by: UnlockedDesk) -> str:
        """Return the address that the sign-in leads to; empty for the queue.

        In a browser of several officers it may be another's, with a tip's number: then only a form of their own counts.
        """
        address, value = unquote(request.cookies.get(NEXT_COOKIE, "")), request.cookies.get(BROWSER_COOKIE, "")
        is_shared = bool(self.context.read(lambda c: officers_in(c, value)) - {(by.desk.name, by.officer)})
        if not address or (is_shared and not address.startswith(url(request, "resume/"))):
            return ""
        return address if self.own_address(request, address) == address else ""

    def own_address(self, request: Request, address: str) -> str:
        """Return the address if it belongs to the desk, else the desk's home. This prevents an open redirect."""
        home = url(request, "")
        is_safe = address.isprintable() and "\\" not in address and "//" not in address.partition("?")[0]
        return address if is_safe and address.startswith(home) else home

    async def _keep_form(self, request: Request) -> Response:
        """Keep a form that an officer sent after their session had expired, until the officer has signed in again."""
        token = request.cookies.get(SESSION_COOKIE, "")
        owner = await run_in_threadpool(self.drafts.owner_of, token)
        path = url_path(request).lstrip("/")
        if owner is None or path.partition("/")[0] not in KEPT_FORMS:
            return self.sign_in_first(request)
        try:
            form = await read_form(request)
        except FormError:
            return self.sign_in_first(request)
        if path == "typed":
            await run_in_threadpool(self.drafts.keep_typed, owner, form)
            return Response(status_code=204)
        query = f"?{request.url.query}" if request.url.query else ""
        draft = await run_in_threadpool(self.drafts.put, owner, path + query, form)
        return self.sign_in_first(request, url(request, f"resume/{draft}"))

    def remember(self, request: Request, response: Response, cookie: str, value: str) -> None:
        """Store a cookie in the browser: for the time in `_MAX_AGES`, else until the browser is closed."""
        response.set_cookie(cookie, value, max_age=_MAX_AGES.get(cookie), **self._only_for_the_desk(request))

    def forget(self, request: Request, response: Response, cookie: str) -> None:
        """Delete a cookie from the browser, and end the session or the pending sign-in that the cookie names."""
        value = request.cookies.get(cookie, "")
        if cookie == SESSION_COOKIE:
            self.sessions.end(value)
        if cookie == PENDING_COOKIE:
            self.pending.end(value)
        response.delete_cookie(cookie, **self._only_for_the_desk(request))

    def _only_for_the_desk(self, request: Request) -> dict[str, Any]:
        """Return the attributes that keep a cookie from scripts, from other sites, and from plain connections."""
        secure = request.url.scheme == "https" or self._public.startswith("https:")
        return {
            "path": request.scope.get("root_path", "") or "/",
            "secure": secure,
            "httponly": True,
            "samesite": "strict",
        }

    def site(self, request: Request) -> PasskeySite:
        """Return the site that passkeys are bound to: the address that the browser sees.

        Behind a proxy this is the public address.
        """
        public = urlsplit(self._public)
        seen = request.url.netloc
        origins = (f"https://{seen}", f"http://{seen}", f"{public.scheme}://{public.netloc}")
        return PasskeySite(request.url.hostname or "", tuple(one for one in origins if one != "://"))

    def _session(self, request: Request) -> OfficerSession | None:
        token = request.cookies.get(SESSION_COOKIE, "")
        session = self.sessions.find(token, used="poll" not in request.query_params)
        if session is not None and not still_valid(self.context, session.unlocked):
            self.sessions.end_where(lambda one: one is session)  # its key signs no more that it ended
            return None
        return session

    def _handle(self, request: Request, session: OfficerSession, answer: Callable[[], Response]) -> Response:
        """Answer a request of a signed-in officer. Every request leaves an act in the audit log."""
        trail = session.casework.trail
        before = trail.calls
        response = self._handle_errors(request, answer)
        if session.casework.trail.calls == before and still_valid(self.context, session.unlocked):
            kind: ActKind = "page_opened" if request.method in {"GET", "HEAD"} else "form_sent"
            trail.record_once(kind, detail=url_path(request))
        return response

    def _handle_errors(self, request: Request, answer: Callable[[], Response]) -> Response:
        try:
            return answer()
        except CaseworkError:
            return self.show(request, "error.html", 404, what="error.not_found", session=self._session(request))
        except QueueFull:
            return self.show(request, "error.html", 503, what="error.busy", session=self._session(request))
        except (CantOpen, FileNotFoundError):
            return self.show(request, "error.html", 409, what="error.damaged", session=self._session(request))


class Pages:
    """Pages of one kind."""

    def __init__(self, web: DeskWeb) -> None:
        self._web = web


def url(request: Request, path: str) -> str:
    """Return the address of a page of the desk, under the path where the desk is mounted."""
    return f"{request.scope.get('root_path', '')}/{path}"


def _address(request: Request) -> str:
    """Return the address of the shown page. If a form's answer is shown, return the page above, which GET opens."""
    if request.method == "POST":
        parts = url_path(request).strip("/").split("/")
        return url(request, "/".join(parts[: 2 if parts[0] in KEPT_FORMS else 1]))
    return f"{request.url.path}?{request.url.query}".removesuffix("?")


def url_path(request: Request) -> str:
    """Return a page's address below that of the desk."""
    return request.url.path.removeprefix(request.scope.get("root_path", ""))


def _elsewhere(request: Request, session: OfficerSession, *, for_temporary: bool) -> str:
    """Return the page to open instead if the officer may not open this page now; empty if the officer may open it."""
    if session.unlocked.temporary and not for_temporary:
        return "passphrase"
    return "audit" if session.unlocked.role == "auditor" and _first_part(request) not in _FOR_AUDITORS else ""


def _first_part(request: Request) -> str:
    return url_path(request).split("/")[1]


def redirect_to(request: Request, path: str) -> Response:
    """Redirect the browser to a page of the desk, with GET."""
    return RedirectResponse(url(request, path), status_code=303)
