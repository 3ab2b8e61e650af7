"""Posts a signed event, once. No redirect is followed, no proxy asked, no cookie kept, nothing logged."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from satark.sink import Dead, DeliveryResult, Done, Retry
from satark_police_system.addresses import ForbiddenAddressError, GuardedResolver, check_literal

if TYPE_CHECKING:
    from satark_police_system.settings import System
    from satark_police_system.signing import Signer

LONGEST_PAUSE = 24 * 3600.0
"""Most seconds that a receiver's `Retry-After` may ask for."""
_AGAIN = frozenset({401, 403, 404, 408, 421, 423, 425, 429})
"""Answers that may be another once the receiver, or our standing with it, is put right; with every 5xx."""


class Client:
    """The way to one receiver. `open` it in the loop that uses it."""

    def __init__(self, system: System, signer: Signer) -> None:
        self._system = system
        self._signer = signer
        self._url = URL(system.url)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the session.

        Raises:
            OSError: a certificate can't be read.
        """
        system = self._system
        connector = aiohttp.TCPConnector(resolver=GuardedResolver(system.allowed_networks), ssl=_tls(system))
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": "satark", "Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=system.send_seconds, sock_connect=system.connect_seconds),
        )

    async def close(self) -> None:
        """Close it."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, message_id: str, body: bytes) -> DeliveryResult:
        """Post an event and say what became of it."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        headers = {"content-type": "application/cloudevents+json", **self._signer.headers(message_id, body)}
        try:
            check_literal(self._url, self._system.allowed_networks)
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                return judge(response.status, response.headers.get("retry-after", ""))
        except TimeoutError:
            return Retry("timeout")
        except (aiohttp.ClientError, OSError) as error:
            # aiohttp puts what a resolver raises into an error of its own.
            cause = getattr(error, "os_error", error)
            return Retry(str(cause) if isinstance(cause, ForbiddenAddressError) else "network")


def judge(status: int, retry_after: str = "") -> DeliveryResult:
    """Say what an answer means.

    2xx and 409 (it has it already): done. A redirect is refused: tips go to the configured address and no other. 410:
    the receiver is gone for good (Standard Webhooks 1.0, "Endpoint removal"). Other 4xx: it will never take this event.
    """
    if 200 <= status < 300 or status == 409:  # noqa: PLR2004 - HTTP
        return Done()
    if status in _AGAIN or status >= 500:  # noqa: PLR2004 - HTTP
        return Retry(f"http-{status}", _pause(retry_after))
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP
        return Dead(f"http-{status}: redirects are refused; put the new address into the settings")
    return Dead(f"http-{status}")


def _pause(retry_after: str) -> float | None:
    return min(float(retry_after), LONGEST_PAUSE) if retry_after.isascii() and retry_after.isdigit() else None


def _tls(system: System) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=system.ca_file)
    if system.client_certificate_file is not None:
        context.load_cert_chain(system.client_certificate_file, system.client_key_file)
    return context
