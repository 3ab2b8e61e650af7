"""A webhook is answered with an empty 200, and a closed channel says that it is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from satark.api.channel import Outcome, RawRequest, RawResponse
from satark.api.inbound import Address
from satark.api.prompt import Prompt
from satark_telegram.channel import TelegramChannel

Sign = Callable[[Any], RawRequest]


def test_a_webhook_is_answered_with_an_empty_200(telegram: TelegramChannel, signed: Sign) -> None:
    assert telegram.reply(signed({}), Outcome(prompts=(Prompt(text="कहाँ?", language="hi"),))) == RawResponse()


async def test_using_a_closed_channel_raises(telegram: TelegramChannel) -> None:
    await telegram.close()
    (call,) = telegram.render(Prompt(text="कहाँ?", language="hi"), telegram.accounts[0], Address("42"))
    with pytest.raises(RuntimeError, match="not open"):
        await telegram.send(call, "")


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
