"""The ASGI application with the form and the mailbox: routes and response headers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from satark.api import PAGE_HEADERS, PageHeaders, SameOrigin
from satark_web_form.form_pages import FormPages
from satark_web_form.mailbox_pages import MailboxPages
from satark_web_form.site import Endpoint, FormSite
from satark_web_form.submit_pages import SubmitPages
from satark_web_form.uploads.draft_key import DraftKey
from satark_web_form.uploads.tus import PROBLEM_HEADER, STATUS, NotAdmitted, TusEndpoints
from satark_web_form.uploads.upload_problems import UploadProblem
from satark_web_form.visitor_cookie import Visitor, VisitorCookie

PROOF_HEADER = "satark-proof"
"""Header in which a new upload sends a proof of work, after the response 428 has asked for one."""


def build_app(site: FormSite) -> ASGIApp:
    """Build the application. It is mounted at the root of the site."""

    async def cross_origin(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        await site.message_page(request, "cross_origin", 403, await site.visitor_language(request))(
            scope, receive, send
        )

    async def not_found(request: Request, _error: Exception) -> Response:
        return site.message_page(request, "not_found", 404, await site.visitor_language(request))

    middleware = [
        Middleware(PageHeaders, headers=_headers(), public_url=site.public_url),
        Middleware(SameOrigin, public_url=site.public_url, others=[site.settings.onion_url], refusal=cross_origin),
    ]
    handlers: dict[Any, Any] = {404: not_found, 405: not_found}
    return Starlette(routes=_routes(site), middleware=middleware, exception_handlers=handlers)


def _routes(site: FormSite) -> list[BaseRoute]:
    form, submit, mailbox = FormPages(site), SubmitPages(site), MailboxPages(site)
    pages: Mapping[str, Mapping[str, Endpoint]] = {
        "/": {"GET": form.start, "POST": form.begin},
        "/form/{position:int}": {"GET": form.question, "POST": form.answer},
        "/all": {"GET": form.all_questions, "POST": form.answer_all},
        "/details": {"GET": form.details},
        "/details/{position:int}": {"GET": form.detail, "POST": form.answer_detail},
        "/review": {"GET": form.review},
        "/erase": {"GET": form.confirm_erasure, "POST": form.erase},
        "/send": {"GET": submit.receipt, "POST": submit.press},
        "/receipt": {"GET": submit.receipt},
        "/before-sending": {"GET": submit.ask_before_sending, "POST": submit.press},
        "/close": {"POST": submit.close},
        "/leave": {"POST": submit.leave},
        "/status": {"GET": mailbox.enter_code, "POST": mailbox.open},
        "/status/message": {"POST": mailbox.message},
        "/status/close": {"POST": mailbox.close},
        "/status/forget": {"POST": mailbox.forget},
        "/who-can-know": {"GET": _privacy_page(site)},
    }
    routes: list[BaseRoute] = [
        Route(path, site.with_error_pages(endpoint), methods=[method])
        for path, methods in pages.items()
        for method, endpoint in methods.items()
    ]
    here = Path(__file__).parent
    scripts = [
        Mount(f"/static/{part}", _Assets(directory=here / part / "static"))
        for part in ("proof_of_work", "map", "uploads")
    ]
    uploads = [
        Mount("/uploads", routes=_upload_routes(site, site.drafts_cookie)),
        Mount("/status/uploads", routes=_upload_routes(site, site.mailbox_cookie)),
    ]
    return [*routes, *uploads, *scripts, Mount("/static", _Assets(directory=here / "static"))]


def _privacy_page(site: FormSite) -> Endpoint:
    """Return the page about the facts that police, this service and others can learn, channel by channel."""

    async def who_can_know(request: Request) -> Response:
        language = await site.visitor_language(request)
        return site.page(request, "who_can_know.html", language, onion_url=site.settings.onion_url)

    return who_can_know


def _upload_routes(site: FormSite, cookie: VisitorCookie) -> list[BaseRoute]:
    """Return the routes that upload files before their form is sent. They accept a file only if a draft exists."""

    async def admit(request: Request) -> DraftKey:
        return (await visitor_of(request)).key

    async def admit_new(request: Request) -> DraftKey:
        visitor = await visitor_of(request)
        problem = await site.admit_files(visitor, request.headers.get(PROOF_HEADER, ""))
        if problem is not None:
            content = {"challenge": site.challenge("upload").work, "message": message(request, "proof")}
            raise NotAdmitted(JSONResponse(content, STATUS["proof"], {PROBLEM_HEADER: "proof"}))
        return visitor.key

    async def visitor_of(request: Request) -> Visitor:
        visitor = cookie.read(request)
        found = await site.look_up(visitor)
        if not found.database_up:  # the script retries later
            raise NotAdmitted(PlainTextResponse(message(request, "busy"), 503))
        if visitor is None or found.view is None:
            raise NotAdmitted(PlainTextResponse(message(request, "unknown"), 403))
        return visitor

    def message(request: Request, problem: UploadProblem) -> str:
        return site.texts(site.language(request))(f"upload.{problem}")

    stall_seconds = site.settings.upload_stall_seconds
    endpoints = TusEndpoints(
        site.uploads, admit=admit, admit_new=admit_new, message=message, stall_seconds=stall_seconds
    )
    return endpoints.routes


def _headers() -> dict[str, str]:
    """Return the headers that only the form has: device permissions, fonts and workers."""
    return {
        "permissions-policy": PAGE_HEADERS["permissions-policy"]
        .replace("camera=()", "camera=(self)")
        .replace("microphone=()", "microphone=(self)")
        .replace("geolocation=()", "geolocation=(self)"),
        "content-security-policy": PAGE_HEADERS["content-security-policy"] + "; font-src 'self'; worker-src 'self'",
    }


class _Assets(StaticFiles):
    """Style sheets, scripts and typefaces. A browser keeps a file for a day, then asks by ETag whether it changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "max-age=86400"
        return response
