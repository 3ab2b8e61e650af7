"""The officers' desk as one ASGI application."""

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from satark.api import PageHeaders, SameOrigin
from satark.casework import DeskContext
from satark_desk.settings import DeskSettings
from satark_desk.web.account_pages import AccountPages, FactorPages
from satark_desk.web.act_pages import ActPages
from satark_desk.web.audit_pages import AuditPages
from satark_desk.web.bulk_pages import BulkPages
from satark_desk.web.figures_pages import OverviewPages
from satark_desk.web.file_pages import OriginalPages, VoicePages, show_file, show_preview
from satark_desk.web.order_pages import OrderPages
from satark_desk.web.page_requests import DeskWeb
from satark_desk.web.queue_pages import QueuePages
from satark_desk.web.recovery_pages import RecoveryPages
from satark_desk.web.retention_pages import RetentionPages
from satark_desk.web.roster_pages import RosterPages
from satark_desk.web.sign_in import SecondFactorSignIn, SignInPages
from satark_desk.web.tip_page import TipPage
from satark_desk.web.wording_pages import WordingPages


def build(context: DeskContext, settings: DeskSettings, public_url: str = "") -> Starlette:
    """Build the application. It can be mounted at any path; `public_url` is its address behind a reverse proxy."""
    web = DeskWeb(context, settings, public_url)
    sign_in, queue, tip, overview = SignInPages(web), QueuePages(web), TipPage(web), OverviewPages(web)
    voices, originals, acts = VoicePages(tip), OriginalPages(tip, context), ActPages(web, tip)
    orders, bulk, wordings = OrderPages(web), BulkPages(web, tip), WordingPages(web)
    routes = [
        Route("/", web.page(queue.show)),
        Route("/news", web.page(queue.news)),
        Route("/handover", web.page(queue.handover)),
        Route("/wordings", web.page(wordings.show)),
        Route("/wordings", web.form(wordings.save), methods=["POST"]),
        Route("/wordings/remove", web.form(wordings.remove), methods=["POST"]),
        Route("/help", web.help),
        Route("/figures", web.page(overview.show)),
        Route("/figures/week.pdf", web.page(overview.week)),
        *_sign_in_routes(web, sign_in),
        *_account_routes(web),
        *_oversight_routes(web),
        Route("/bulk", web.page(bulk.show)),
        Route("/bulk", web.form(bulk.submit), methods=["POST"]),
        Route("/bulk/done", web.page(bulk.done)),
        Route("/tips/{number}", web.page(tip.open)),
        Route("/tips/{number}/files/{ordinal}", web.page(show_file)),
        Route("/tips/{number}/previews/{ordinal}", web.page(show_preview)),
        Route("/tips/{number}/voices/{ordinal}", web.page(voices.listen)),
        Route("/tips/{number}/voices/{ordinal}", web.form(voices.transcribe), methods=["POST"]),
        Route("/tips/{number}/transcripts/{ordinal}", web.page(voices.read_aloud)),
        Route("/tips/{number}/originals", web.form(originals.ask), methods=["POST"]),
        Route("/tips/{number}/originals/{ordinal}", web.page(originals.download)),
        Route("/cases.csv", web.page(orders.cases)),
        Route("/tips/{number}/orders", web.form(orders.make), methods=["POST"]),
        Route("/tips/{number}/orders/{to}", web.page(orders.order)),
        Route("/typed", web.form(acts.keep), methods=["POST"]),
        Route("/tips/{number}/hints", web.form(acts.hints), methods=["POST"]),
        Route("/tips/{number}/{action}", web.page(acts.show)),
        Route("/tips/{number}/{action}", web.form(acts.submit), methods=["POST"]),
        Route("/resume/{draft}", web.page(acts.resume)),
        Mount("/static", GZipMiddleware(_Assets(directory=Path(__file__).parent / "static"))),
    ]
    middleware = [Middleware(one, public_url=public_url) for one in (PageHeaders, SameOrigin)]
    site = Starlette(routes=routes, middleware=middleware)
    site.state.in_use, site.state.leave = web.in_use, web.leave
    return site


def _sign_in_routes(web: DeskWeb, sign_in: SignInPages) -> list[Route]:
    factor, recovery = SecondFactorSignIn(web, sign_in), RecoveryPages(web)
    return [
        Route("/sign-in", sign_in.show_form),
        Route("/sign-in", sign_in.sign_in, methods=["POST"]),
        Route("/second-factor", factor.show_form),
        Route("/second-factor", factor.check, methods=["POST"]),
        Route("/recover", recovery.show_form),
        Route("/recover", recovery.ask, methods=["POST"]),
        Route("/recoveries", web.page(recovery.requests)),
        Route("/recoveries", web.form(recovery.approve), methods=["POST"]),
        Route("/sign-out", sign_in.sign_out, methods=["POST"]),
        Route("/language", sign_in.set_language, methods=["POST"]),
    ]


def _account_routes(web: DeskWeb) -> list[Route]:
    account = AccountPages(web)
    factors = FactorPages(web, account)
    return [
        Route("/passphrase", web.page(account.passphrase, for_temporary=True)),
        Route("/passphrase", web.form(account.change_passphrase, for_temporary=True), methods=["POST"]),
        Route("/account", web.page(account.show)),
        Route("/account/sessions", web.form(account.end_session), methods=["POST"]),
        Route("/account/push", web.form(account.push), methods=["POST"]),
        Route("/account/browsers", web.form(account.browser), methods=["POST"]),
        Route("/account/app", web.page(factors.app)),
        Route("/account/app", web.form(factors.add_app), methods=["POST"]),
        Route("/account/passkey", web.page(factors.passkey)),
        Route("/account/passkey", web.form(factors.add_passkey), methods=["POST"]),
        Route("/account/remove", web.form(factors.remove), methods=["POST"]),
    ]


def _oversight_routes(web: DeskWeb) -> list[Route]:
    audit, retention, roster = AuditPages(web), RetentionPages(web), RosterPages(web)
    return [
        Route("/roster", web.page(roster.show)),
        Route("/roster/{action}", web.form(roster.act), methods=["POST"]),
        Route("/audit", web.page(audit.log)),
        Route("/audit/acts.csv", web.page(audit.table)),
        Route("/retention", web.page(retention.overview)),
        Route("/retention/{number}", web.page(retention.tip)),
        Route("/retention/{number}/{step}", web.form(retention.step), methods=["POST"]),
    ]


class _Assets(StaticFiles):
    """Style sheets and scripts. Browsers revalidate them by their ETag."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response
