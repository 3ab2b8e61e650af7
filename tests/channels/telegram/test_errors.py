"""Each exception of python-telegram-bot becomes a send result, without Telegram's text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from satark.api.outbound import Blocked, Misconfigured, Permanent, SendResult, Throttled, Transient
from satark_telegram.errors import retry_delay, send_result_of

RESULTS: tuple[tuple[TelegramError, SendResult], ...] = (
    (RetryAfter(timedelta(seconds=7)), Throttled(7, "conversation")),
    (InvalidToken(), Misconfigured("unauthorized")),
    (Conflict("terminated by other getUpdates request"), Misconfigured("conflict")),
    (Forbidden("bot was blocked by the user"), Blocked()),
    (ChatMigrated(-1), Permanent("migrated")),
    (BadRequest("Chat not found"), Blocked()),
    (BadRequest("PEER_ID_INVALID"), Blocked()),
    (BadRequest("message is too long"), Permanent("bad-request")),
    (TimedOut(), Transient("timeout")),
    (NetworkError("https://api.telegram.org/bot110201543:AAH"), Transient("network")),
)


@pytest.mark.parametrize(("error", "result"), RESULTS, ids=range(len(RESULTS)))
def test_an_exception_becomes_its_send_result(error: TelegramError, result: SendResult) -> None:
    assert send_result_of(error) == result


def test_the_pause_of_throttling_is_in_seconds() -> None:
    assert retry_delay(RetryAfter(timedelta(minutes=2))) == 120
    assert retry_delay(RetryAfter(3)) == 3
