"""What an error of the Bot API means for a message.

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

from satark.channel import Blocked, Misconfigured, Permanent, SendResult, Throttled, Transient

# python-telegram-bot's own way to have durations as they will be; the old way warns at each throttled call.
os.environ.setdefault("PTB_TIMEDELTA", "true")

_NOT_THERE: Final = ("chat not found", "user is deactivated", "bot was blocked", "user not found", "peer_id_invalid")
"""What Telegram says, in lower case, of recipients that nobody can reach any more."""


def result_of(error: TelegramError) -> SendResult:
    """Say what an error means. Its text is looked at and never passed on: it may hold the token or the message."""
    match error:
        case RetryAfter():
            return Throttled(seconds_of(error), "conversation")
        case InvalidToken():
            return Misconfigured("unauthorized")
        case Conflict():
            return Misconfigured("conflict")
        case Forbidden():
            return Blocked()
        case ChatMigrated():
            return Permanent("migrated")
        case BadRequest():
            return _refused(error)
        case TimedOut():
            return Transient("timeout")
        case _:
            return Transient("network")


def seconds_of(error: RetryAfter) -> float:
    """Give the seconds that Telegram asks to wait."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else after


def _refused(error: BadRequest) -> SendResult:
    text = error.message.lower()
    return Blocked() if any(words in text for words in _NOT_THERE) else Permanent("bad-request")
