"""Verify that a webhook comes from Meta: the verify token of a GET, the signature of a POST.

Source: Meta, WhatsApp Business Platform, "Create a webhook endpoint", sections "GET requests" and
"Validating payloads".
"""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from satark.api import RawRequest

HEADER: Final = "x-hub-signature-256"
_PREFIX = b"sha256="
_MAX_FIELDS = 20


def sign(raw: RawRequest, app_secret: bytes) -> RawRequest:
    """Sign a POST as Meta does."""
    signature = f"{_PREFIX.decode()}{hmac.new(app_secret, raw.body, 'sha256').hexdigest()}"
    return msgspec.structs.replace(raw, headers={**raw.headers, HEADER: signature})


def is_signed(raw: RawRequest, app_secret: bytes) -> bool:
    """Check `X-Hub-Signature-256`, the lower-case hex HMAC-SHA256 of the body's exact bytes, in constant time."""
    given = raw.headers.get(HEADER, "").encode("utf-8", "replace")
    # Not `hmac.digest`, which gives up the interpreter lock for any length: in a busy process it takes a millisecond.
    expected = _PREFIX + hmac.new(app_secret, raw.body, "sha256").hexdigest().encode()
    return hmac.compare_digest(given, expected)


def is_verification(raw: RawRequest, verify_token: bytes) -> bool:
    """Check the GET that verifies the webhook's address: each parameter once; the verify token, in constant time."""
    fields = _fields(raw.query)
    token = fields.get(b"hub.verify_token", [])
    if fields.get(b"hub.mode") != [b"subscribe"] or len(token) != 1 or not challenge(raw):
        return False
    return hmac.compare_digest(token[0], verify_token)


def challenge(raw: RawRequest) -> bytes:
    """Return the challenge of a verification request as exact bytes; empty where there is none."""
    values = _fields(raw.query).get(b"hub.challenge", [])
    return values[0] if len(values) == 1 else b""


def _fields(query: str) -> dict[bytes, list[bytes]]:
    """Split a query into fields of bytes. `parse_qs` would change bytes that are not UTF-8."""
    fields: dict[bytes, list[bytes]] = {}
    for part in query.split("&", _MAX_FIELDS):
        name, _, value = part.partition("=")
        fields.setdefault(_unquoted(name), []).append(_unquoted(value))
    return fields


def _unquoted(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))
