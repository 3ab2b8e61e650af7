"""The kit checks at the provider the messages that a channel sends for its prompts."""

from __future__ import annotations

import pytest

from satark.api.inbound import Text
from satark.api.outbound import Call
from satark_testing.contracts.channel import BrokenRule, check_channel
from support.postcards import BODY, Postcards, case, signed


async def test_a_channel_that_makes_calls_must_describe_its_provider() -> None:
    channel = Postcards()
    channel.render = lambda prompt, account, to: [Call(account=account, method="post", body=b"")]  # type: ignore[method-assign]
    with pytest.raises(BrokenRule, match="C30 the case of a channel that sends describes its provider"):
        await check_channel(case(channel))


@pytest.mark.parametrize(
    ("meant", "found"),
    [
        ([Text("Hello")], "another Text.body"),
        ([], "Text in place of nothing"),
        ([Text("Hi"), "quota"], "Text in place of Text, an alarm"),
    ],
)
async def test_an_error_says_which_field_of_an_event_differs(meant: list[Text | str], found: str) -> None:
    with pytest.raises(BrokenRule, match=f"C65 (.*\\n)*.*found: {found}$"):
        await check_channel(case(Postcards(), means=[(signed(BODY), meant)]))
