"""The form and the mailbox as one ASGI application."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from satark.web import PAGE_HEADERS, PageHeaders, SameOrigin
from satark_web_form.closing_pages import ClosingPages
from satark_web_form.form_pages import FormPages
from satark_web_form.mailbox_pages import MailboxPages
from satark_web_form.reading_pages import ReadingPages
from satark_web_form.uploads.tus import NotAdmitted, Tus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from satark_web_form.site import Endpoint, Site
    from satark_web_form.uploads.keys import DraftKey
    from satark_web_form.uploads.refusals import Problem
    from satark_web_form.visitors import Cookie


def build(site: Site) -> ASGIApp:
    """Make the site; it stands at the root."""

    async def refused(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        await site.tell(request, "foreign", 403, await site.spoken(request))(scope, receive, send)

    async def unknown(request: Request, _error: Exception) -> Response:
        return site.tell(request, "unknown", 404, await site.spoken(request))

    middleware = [
        Middleware(PageHeaders, headers=_headers(site)),
        Middleware(SameOrigin, public_url=site.public_url, others=[site.settings.onion_url], refusal=refused),
    ]
    handlers: dict[Any, Any] = {404: unknown, 405: unknown}
    return Starlette(routes=_routes(site), middleware=middleware, exception_handlers=handlers)


def _routes(site: Site) -> list[BaseRoute]:
    form, closing, mailbox, reading = FormPages(site), ClosingPages(site), MailboxPages(site), ReadingPages(site)
    pages: Mapping[str, Mapping[str, Endpoint]] = {
        "/": {"GET": form.start, "POST": form.begin},
        "/form/{place:int}": {"GET": form.question, "POST": form.answer},
        "/all": {"GET": form.everything, "POST": form.take_everything},
        "/details": {"GET": form.details},
        "/details/{place:int}": {"GET": form.detail, "POST": form.take_detail},
        "/review": {"GET": form.review},
        "/erase": {"GET": form.ask_to_erase, "POST": form.erase},
        "/send": {"POST": closing.send},
        "/origin": {"GET": closing.ask_origin, "POST": closing.take_origin},
        "/close": {"POST": closing.close},
        "/leave": {"POST": closing.leave},
        "/status": {"GET": mailbox.enter, "POST": mailbox.open},
        "/status/message": {"POST": mailbox.message},
        "/status/close": {"POST": mailbox.close},
        "/status/forget": {"POST": mailbox.forget},
        "/who-can-know": {"GET": reading.who_can_know},
    }
    routes: list[BaseRoute] = [
        Route(path, site.guarded(endpoint), methods=[method])
        for path, methods in pages.items()
        for method, endpoint in methods.items()
    ]
    here = Path(__file__).parent
    scripts = [
        Mount(f"/static/{room}", _Assets(directory=here / room / "static")) for room in ("gate", "map", "uploads")
    ]
    uploads = [
        Mount("/uploads", routes=_uploads(site, site.drafts_cookie)),
        Mount("/status/uploads", routes=_uploads(site, site.mailbox_cookie)),
    ]
    return [*routes, *uploads, *scripts, Mount("/static", _Assets(directory=here / "static"))]


def _uploads(site: Site, cookie: Cookie) -> list[BaseRoute]:
    """Files that come by themselves, before their form; only from somebody whose conversation has begun."""

    async def admit(request: Request) -> DraftKey:
        visitor = cookie.read(request)
        seen = await site.seen(visitor)
        if not seen.certain:  # the browser's script tries again in a while
            raise NotAdmitted(PlainTextResponse(say(request, "busy"), 503))
        if visitor is None or seen.sheet is None:
            raise NotAdmitted(PlainTextResponse(say(request, "unknown"), 403))
        return visitor.key

    def say(request: Request, problem: Problem) -> str:
        return site.words(site.language(request))(f"upload.{problem}")

    return Tus(site.staging, admit=admit, say=say, stall_seconds=site.settings.upload_stall_seconds).routes


def _headers(site: Site) -> dict[str, str]:
    """What our pages say beside the common headers: what they may ask for, and https from now on where it is spoken."""
    headers = {
        "permissions-policy": PAGE_HEADERS["permissions-policy"]
        .replace("camera=()", "camera=(self)")
        .replace("microphone=()", "microphone=(self)")
        .replace("geolocation=()", "geolocation=(self)"),
        "content-security-policy": PAGE_HEADERS["content-security-policy"] + "; font-src 'self'; worker-src 'self'",
    }
    if site.public_url.startswith("https:"):
        headers["strict-transport-security"] = "max-age=63072000; includeSubDomains"
    return headers


class _Assets(StaticFiles):
    """Style sheet, script and typeface: kept by the browser for a day, and asked for again by their tag."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "max-age=86400"
        return response
