"""The part that both providers share: the HTTP client of the account, without cookies, with credentials in every
request.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import aiohttp

from satark.api import egress_connector

if TYPE_CHECKING:
    from satark_exotel.plugin import ExotelSettings


class Account:
    """One account. Follow no redirect with its client: a redirect would get the credentials."""

    def __init__(self, settings: ExotelSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Open the HTTP client."""
        key, token = (secret.get_secret_value() for secret in (self._settings.api_key, self._settings.api_token))
        basic = b64encode(f"{key}:{token}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        timeout, jar = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=20), aiohttp.DummyCookieJar()
        self._session = aiohttp.ClientSession(
            connector=egress_connector(), headers=headers, timeout=timeout, cookie_jar=jar
        )

    async def close(self) -> None:
        """Close the HTTP client."""
        if self._session is not None:
            await self._session.close()

    @property
    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the provider is not open")
        return self._session
