"""The page on who can learn the tipster's identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark_web_form.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class PrivacyPage:
    """Serves `/who-can-know`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def who_can_know(self, request: Request) -> Response:
        """Show what the police, this service and others can learn, channel by channel."""
        language = await self._site.visitor_language(request)
        return self._site.page(request, "who_can_know.html", language, onion_url=self._site.settings.onion_url)
