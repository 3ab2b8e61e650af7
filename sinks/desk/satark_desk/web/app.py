"""The officers' desk as one ASGI application."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from satark.web import PageHeaders, SameOrigin
from satark_desk.web.doors import Doors
from satark_desk.web.files import show_file, show_preview
from satark_desk.web.pages import Pages
from satark_desk.web.site import Site
from satark_desk.web.voices import Voices

if TYPE_CHECKING:
    from satark.services import DeskContext
    from satark_desk.settings import DeskSettings


def build(context: DeskContext, settings: DeskSettings, public_url: str = "") -> Starlette:
    """Make the desk. It may be mounted anywhere; `public_url` is the address that a reverse proxy serves it under."""
    site = Site(context, settings, public_url)
    doors, pages = Doors(site), Pages(site)
    voices = Voices(pages)
    routes = [
        Route("/", site.page(pages.queue)),
        Route("/sign-in", doors.sign_in_page),
        Route("/sign-in", doors.sign_in, methods=["POST"]),
        Route("/sign-out", doors.sign_out, methods=["POST"]),
        Route("/language", doors.language, methods=["POST"]),
        Route("/tips/{number}", site.page(pages.tip)),
        Route("/tips/{number}/files/{ordinal}", site.page(show_file)),
        Route("/tips/{number}/previews/{ordinal}", site.page(show_preview)),
        Route("/tips/{number}/voices/{ordinal}", site.page(voices.listen)),
        Route("/tips/{number}/voices/{ordinal}", site.form(voices.write), methods=["POST"]),
        Route("/tips/{number}/{action}", site.form(pages.act), methods=["POST"]),
        Mount("/static", _Assets(directory=Path(__file__).parent / "static")),
    ]
    middleware = [Middleware(PageHeaders), Middleware(SameOrigin, public_url=public_url)]
    return Starlette(routes=routes, middleware=middleware)


class _Assets(StaticFiles):
    """Style sheets and scripts: asked for again by their tag instead of sent again."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response
