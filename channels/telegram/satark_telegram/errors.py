"""Map errors of the Bot API to send results.

Source: Telegram, Bot API, "Making requests" and `ResponseParameters`; the classes are python-telegram-bot's.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Final

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from satark.api import Blocked, Misconfigured, Permanent, SendResult, Throttled, Transient

# Makes python-telegram-bot return durations as timedelta; otherwise it warns at each throttled call.
os.environ.setdefault("PTB_TIMEDELTA", "true")

_UNREACHABLE: Final = ("chat not found", "user is deactivated", "bot was blocked", "user not found", "peer_id_invalid")
"""Parts of Telegram's error texts, in lower case, for recipients that can't be reached any more."""


def send_result_of(error: TelegramError) -> SendResult:
    """Return the send result for an error, without the error's text: that may contain the token or the message."""
    match error:
        case RetryAfter():
            return Throttled(retry_delay(error), "conversation")
        case InvalidToken():
            return Misconfigured("unauthorized")
        case Conflict():
            return Misconfigured("conflict")
        case Forbidden():
            return Blocked()
        case ChatMigrated():
            return Permanent("migrated")
        case BadRequest():
            return _bad_request(error)
        case TimedOut():
            return Transient("timeout")
        case _:
            return Transient("network")


def retry_delay(error: RetryAfter) -> float:
    """Return the seconds that Telegram asks to wait."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else after


def _bad_request(error: BadRequest) -> SendResult:
    text = error.message.lower()
    return Blocked() if any(part in text for part in _UNREACHABLE) else Permanent("bad-request")
