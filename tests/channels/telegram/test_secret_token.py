"""Only the registered secret token is accepted."""

from __future__ import annotations

import msgspec
import pytest

from satark.api.channel import RawRequest
from satark_telegram.channel import TelegramChannel


@pytest.mark.parametrize(
    ("headers", "genuine"),
    [
        ({"x-telegram-bot-api-secret-token": "a-secret-of-ours_1"}, True),
        ({"x-telegram-bot-api-secret-token": "A-secret-of-ours_1"}, False),
        ({"x-telegram-bot-api-secret-token": "a-secret-of-ours_1 "}, False),
        ({"x-telegram-bot-api-secret-token": ""}, False),
        ({"x-telegram-bot-api-secret-token": "र\udcff"}, False),
        ({}, False),
    ],
)
def test_only_the_secret_token_is_accepted(headers: dict[str, str], genuine: bool, telegram: TelegramChannel) -> None:  # noqa: FBT001
    raw = RawRequest(method="POST", path="/telegram/webhook", headers=headers, body=b"not even json")
    assert telegram.verify(raw) == genuine
    assert not telegram.verify(msgspec.structs.replace(raw, method="GET"))
