"""Pages that are only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark_web_form.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class ReadingPages:
    """Who can still know who somebody is."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def who_can_know(self, request: Request) -> Response:
        """Say plainly who can know what, way by way."""
        language = await self._site.spoken(request)
        return self._site.show(request, "who_can_know.html", language, onion_url=self._site.settings.onion_url)
