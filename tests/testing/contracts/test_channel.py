"""The contract of channels accepts a correct channel and detects a faulty one."""

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
    with pytest.raises(BrokenRule, match="C23 the response of an inline channel holds the whole prompt"):
        await check_channel(case(channel))
