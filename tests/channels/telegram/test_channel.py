"""A webhook is answered with an empty 200, and a closed channel says that it is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from satark.api.channel import Outcome, RawRequest, RawResponse
from satark.api.prompt import Prompt
from satark_telegram.channel import TelegramChannel

Sign = Callable[[Any], RawRequest]


def test_a_webhook_is_answered_with_an_empty_200(telegram: TelegramChannel, signed: Sign) -> None:
    assert telegram.reply(signed({}), Outcome(prompts=(Prompt(text="कहाँ?", language="hi"),))) == RawResponse()


async def test_using_a_closed_channel_raises(telegram: TelegramChannel) -> None:
    await telegram.close()
    with pytest.raises(RuntimeError, match="not open"):
        _ = telegram.bot
