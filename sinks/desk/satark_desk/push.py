"""Web push: an urgent tip wakes the browsers of officers who asked for it, while the desk's pages are closed.

The message has no body, so nothing need be encrypted: the browser has the words already. The push service of the
browser's maker (RFC 8030) learns when a browser was woken. VAPID (RFC 8292) proves who sends. A tip's deliveries decide
which desk's officers are woken, so no office learns from a push about tips that are kept from it.
"""

import asyncio
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from satark.api import Delivery, DeliveryResult, Done, ProviderClient, Retry, run_in_thread
from satark.casework import ProcessServices, open_box, seal_box
from satark_desk.known_browsers import browsers_of, change

_ADDRESS: Final = re.compile(
    r"https://[a-z0-9.-]+\.(googleapis|google|push\.services\.mozilla|push\.apple|notify\.windows)\.com/[!-~]{1,900}"
)
"""Matches addresses at browsers' push services. A browser could otherwise make Satark post anywhere."""
_PADDED: Final = 1024
_KEPT_SECONDS: Final = 3600
"""Seconds for which a push service keeps a message for a device that it can't reach."""
_PROOF_SECONDS: Final = 3600
_SECONDS: Final = 8.0
_GONE: Final = frozenset({404, 410})
"""Answers that end a subscription (RFC 8030, 7.3)."""

Browser: TypeAlias = tuple[str, str, bytes]
"""A desk, one of its officers, and the hash of a known browser of theirs."""


def is_push_address(address: str) -> bool:
    """Return whether an address is that of a browser at a push service."""
    return _ADDRESS.fullmatch(address) is not None


class PushKeys:
    """The keys of web push, derived from the name key. One proves the sender, the other seals addresses."""

    def __init__(self, secret_key: Callable[[str], bytes]) -> None:
        # Any 31 bytes are a number below the order of the curve.
        self._signer = derive_private_key(int.from_bytes(secret_key("desk/push signer")[1:]), SECP256R1())
        self._sealer = secret_key("desk/push addresses")

    @property
    def public(self) -> str:
        """The public key, in the form for browsers."""
        return _base64(self._signer.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def seal(self, address: str, browser: Browser) -> bytes:
        """Seal the address of a browser. It opens only in that browser's row."""
        return seal_box(self._sealer, address.encode().ljust(_PADDED), _about(browser))

    def open(self, sealed: bytes, browser: Browser) -> str:
        """Open the address of a browser; empty if there is none."""
        return (open_box(self._sealer, sealed, _about(browser)) or b"").decode().rstrip()

    def headers(self, address: str, contact: str) -> Mapping[str, str]:
        """Return the headers of a message to an address. `contact`: a URL that tells a push service who sends."""
        service = f"https://{urlsplit(address).netloc}"
        claims = {"aud": service, "exp": int(time.time()) + _PROOF_SECONDS, "sub": contact}
        proof = ".".join(_base64(msgspec.json.encode(one)) for one in ({"typ": "JWT", "alg": "ES256"}, claims))
        r, s = decode_dss_signature(self._signer.sign(proof.encode(), ECDSA(SHA256())))
        proof += f".{_base64(r.to_bytes(32) + s.to_bytes(32))}"
        return {
            "ttl": str(_KEPT_SECONDS),
            "urgency": "high",
            "topic": "tip",  # a device that was off gets the last message alone
            "authorization": f"vapid t={proof}, k={self.public}",
        }


class PushSink(ProviderClient):
    """Wakes officers' browsers by web push. The destination `push:<desk>` stands for one desk's browsers.

    Args:
        context: the store.
        contact: as in `PushKeys.headers`.
        make_connector: as in `ProviderClient`.
    """

    name = "push"

    def __init__(
        self,
        context: ProcessServices,
        contact: str,
        make_connector: Callable[[], aiohttp.BaseConnector] | None = None,
    ) -> None:
        super().__init__(_SECONDS, make_connector)
        self._context = context
        self._contact = contact
        self._keys = PushKeys(context.secret_key)

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Wake the browsers of a desk's officers; try again if none of them was woken."""
        browsers = await run_in_thread(self._browsers, delivery.name)
        failures = await asyncio.gather(*(self._wake(*one) for one in browsers.items()))
        return Retry(max(failures)) if failures and all(failures) else Done()

    async def _wake(self, browser: Browser, address: str) -> str:
        """Wake a browser; forget it if its subscription has ended. Return the reason if it was not woken."""
        headers = self._keys.headers(address, self._contact)
        try:
            async with self.session.post(address, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, OSError):
            return "network"
        if status in _GONE:
            await self._context.write(lambda unit: change(unit, *browser, push=b""))
            return ""
        return "" if status < HTTPStatus.MULTIPLE_CHOICES else f"http-{status}"

    def _browsers(self, desk: str) -> dict[Browser, str]:
        """Return the addresses of the browsers that a desk's officers chose. An auditor reads no tip."""
        listed = self._context.roster_state().desks.get(desk)
        officers = [one.name for one in listed.officers.values() if one.role != "auditor"] if listed else []
        rows = self._context.read(lambda c: [(name, one) for name in officers for one in browsers_of(c, desk, name)])
        found = {(desk, name, one.digest): self._keys.open(one.push, (desk, name, one.digest)) for name, one in rows}
        return {browser: address for browser, address in found.items() if address}


def _about(browser: Browser) -> bytes:
    desk, officer, digest = browser
    return f"{desk}\0{officer}\0{digest.hex()}".encode()


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
