"""Is it really Telegram? It repeats the secret that `setWebhook` told it.

Source: Telegram, Bot API, `setWebhook`, parameter `secret_token`.
"""

from __future__ import annotations

import hmac
from typing import Final

from satark.channel import RawRequest

HEADER: Final = "x-telegram-bot-api-secret-token"


def is_genuine(raw: RawRequest, secret: bytes) -> bool:
    """Compare the header with our secret, in constant time; without a header nothing is genuine."""
    given = raw.headers.get(HEADER, "").encode("utf-8", "replace")
    return hmac.compare_digest(given, secret)
