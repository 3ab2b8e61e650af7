"""Is it really Meta? The handshake and the signature of webhooks.

Source: Meta, WhatsApp Business Platform, "Create a webhook endpoint", sections "GET requests" and
"Validating payloads".
"""

from __future__ import annotations

import hmac
from urllib.parse import unquote_to_bytes

from satark.channel import RawRequest

_PREFIX = b"sha256="
_MOST_FIELDS = 20


def is_signed(raw: RawRequest, app_secret: bytes) -> bool:
    """Check `X-Hub-Signature-256`: the lower-case hex HMAC-SHA256 of the body's very bytes, in constant time."""
    given = raw.headers.get("x-hub-signature-256", "").encode("utf-8", "replace")
    expected = _PREFIX + hmac.digest(app_secret, raw.body, "sha256").hex().encode()
    return hmac.compare_digest(given, expected)


def is_handshake(raw: RawRequest, verify_token: bytes) -> bool:
    """Check the GET with which Meta subscribes: each parameter once, and our verify token, in constant time."""
    fields = _fields(raw.query)
    token = fields.get(b"hub.verify_token", [])
    if fields.get(b"hub.mode") != [b"subscribe"] or len(token) != 1 or not challenge(raw):
        return False
    return hmac.compare_digest(token[0], verify_token)


def challenge(raw: RawRequest) -> bytes:
    """Give the exact bytes that the handshake asks back, or none."""
    values = _fields(raw.query).get(b"hub.challenge", [])
    return values[0] if len(values) == 1 else b""


def _fields(query: str) -> dict[bytes, list[bytes]]:
    """Take a query apart, to bytes: `parse_qs` would decode and re-encode, and change what is not UTF-8."""
    fields: dict[bytes, list[bytes]] = {}
    for part in query.split("&", _MOST_FIELDS):
        name, _, value = part.partition("=")
        fields.setdefault(_plain(name), []).append(_plain(value))
    return fields


def _plain(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))
