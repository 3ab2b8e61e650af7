"""HTTP client: post a signed event once, without redirects, proxies, cookies or logging."""

import ssl
from typing import ClassVar

import aiohttp
from yarl import URL

from satark.api import (
    DeadLetter,
    DeliveryResult,
    Done,
    OpenedTip,
    ProviderClient,
    Retry,
    read_answer,
    seconds_to_wait,
)
from satark_police_system.events import Event, encode
from satark_police_system.settings import SystemSettings
from satark_police_system.signing import Signer
from satark_police_system.ssrf_guard import FilteringResolver, ForbiddenAddressError, check_ip_literal

CONNECT_SECONDS = 10
"""Seconds to wait for a connection."""
_LARGEST_ANSWER = 256 * 1024
"""Bytes of an answer in which the acknowledgement is looked for."""
_RETRYABLE = frozenset({401, 403, 404, 408, 421, 423, 425, 429})
"""Status codes, besides 5xx, that may change once the receiver or our credentials are fixed."""


class HttpTransport(ProviderClient):
    """Posts events to one receiver. `open` raises `OSError` if a certificate can't be read."""

    connect_seconds: ClassVar[float] = CONNECT_SECONDS

    def __init__(self, settings: SystemSettings, signer: Signer) -> None:
        super().__init__(settings.send_seconds, self._connector)
        self._settings = settings
        self._signer = signer
        self._url = URL(settings.url)

    async def find_faults(self) -> str:
        """Ask for the headers of the address, signing and posting nothing; return a code if nobody answers."""
        try:
            check_ip_literal(self._url, self._settings.allowed_networks)
            async with self.session.head(self._url, allow_redirects=False):
                return ""
        except TimeoutError:
            return "timeout"
        except (aiohttp.ClientError, OSError) as error:
            cause = getattr(error, "os_error", error)
            return str(cause) if isinstance(cause, ForbiddenAddressError) else type(error).__name__

    async def hand_over(self, key: str, event: Event, opened: OpenedTip) -> DeliveryResult:
        """Post the event. The receiver requests the files."""
        return await self.post(key, encode(event))

    async def post(self, message_id: str, body: bytes) -> DeliveryResult:
        """Post an event once; return the result."""
        headers = {"content-type": "application/cloudevents+json", **self._signer.headers(message_id, body)}
        try:
            check_ip_literal(self._url, self._settings.allowed_networks)
            async with self.session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                result = classify_response(response.status, response.headers.get("retry-after", ""))
                if result == Done() and not await self._is_acknowledged(response):
                    return Retry("not-acknowledged")
                return result
        except TimeoutError:
            return Retry("timeout")
        except (aiohttp.ClientError, OSError) as error:
            # aiohttp wraps what a resolver raises.
            cause = getattr(error, "os_error", error)
            return Retry(str(cause) if isinstance(cause, ForbiddenAddressError) else "network")

    def _connector(self) -> aiohttp.TCPConnector:
        resolver = FilteringResolver(self._settings.allowed_networks)
        return aiohttp.TCPConnector(resolver=resolver, ssl=_tls(self._settings))

    async def _is_acknowledged(self, response: aiohttp.ClientResponse) -> bool:
        """Whether the receiver's own program answered, and no proxy's or captive portal's page."""
        body = await read_answer(response.content, _LARGEST_ANSWER)
        wanted = self._settings.acknowledgement.encode()
        return wanted in body if wanted else not body.lstrip().startswith(b"<")


def classify_response(status: int, retry_after: str = "") -> DeliveryResult:
    """Turn a response into a delivery result.

    2xx and 409 (duplicate): done. 3xx: not followed, since tips go to the configured address only; a
    captive portal redirects, too. 410: the endpoint was
    removed (Standard Webhooks 1.0, "Endpoint removal"). Other 4xx: the receiver will never accept this event.
    """
    if 200 <= status < 300 or status == 409:  # noqa: PLR2004 - HTTP
        return Done()
    if status in _RETRYABLE or status >= 500:  # noqa: PLR2004 - HTTP
        return Retry(f"http-{status}", seconds_to_wait(retry_after, 0) or None)
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP
        return Retry(f"http-{status}: redirects are refused; set the new address in the settings", down=True)
    return DeadLetter(f"http-{status}")


def _tls(settings: SystemSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.client_certificate_file is not None:
        context.load_cert_chain(settings.client_certificate_file, settings.client_key_file)
    return context
