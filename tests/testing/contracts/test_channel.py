"""The contract of channels: a channel that keeps it passes, and one that breaks it is noticed."""

from __future__ import annotations

import pytest

from satark.api.channel import (
    RawResponse,
)
from satark_testing.contracts.channel import BrokenRule, check_channel
from support.postcards import Postcards, case


async def test_an_inline_channel_answers_in_the_response() -> None:
    await check_channel(case(Postcards()))
    channel = Postcards()
    channel.reply = lambda raw, outcome: RawResponse()  # type: ignore[method-assign]
    with pytest.raises(BrokenRule, match="C23 an inline medium answers with the whole prompt"):
        await check_channel(case(channel))
