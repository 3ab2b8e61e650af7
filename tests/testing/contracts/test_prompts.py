"""The kit checks at the provider what a channel sends for its prompts."""

from __future__ import annotations

import pytest

from satark.api.outbound import Call
from satark_testing.contracts.channel import BrokenRule, check_channel
from support.postcards import Postcards, case


async def test_a_channel_that_makes_calls_must_describe_its_provider() -> None:
    channel = Postcards()
    channel.render = lambda prompt, account, to: [Call(account=account, method="post", body=b"")]  # type: ignore[method-assign]
    with pytest.raises(BrokenRule, match="C30 the case of a channel that sends describes its provider"):
        await check_channel(case(channel))
