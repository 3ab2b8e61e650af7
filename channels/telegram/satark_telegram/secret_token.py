"""Verify that a webhook comes from Telegram: it repeats the secret token that was registered with it.

Source: Telegram, Bot API, `setWebhook`, parameter `secret_token`.
"""

from __future__ import annotations

import hmac
from typing import Final

import msgspec

from satark.api import RawRequest

HEADER: Final = "x-telegram-bot-api-secret-token"


def with_secret(raw: RawRequest, secret: bytes) -> RawRequest:
    """Return a request with the secret token, as Telegram sends it."""
    return msgspec.structs.replace(raw, headers={**raw.headers, HEADER: secret.decode()})


def has_valid_secret(raw: RawRequest, secret: bytes) -> bool:
    """Compare the header with the secret token, in constant time. Without the header the result is False."""
    given = raw.headers.get(HEADER, "").encode("utf-8", "replace")
    return hmac.compare_digest(given, secret)
