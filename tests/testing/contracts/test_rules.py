"""A broken rule is named, with what was tried and what was expected."""

from __future__ import annotations

import pytest

from satark_testing.contracts.channel import BrokenRule, check_channel
from support.postcards import Postcards, case


async def test_the_message_names_the_rule_the_request_and_what_was_expected() -> None:
    channel = Postcards()
    channel.verify = lambda raw: "signature" in raw.headers  # type: ignore[method-assign]
    with pytest.raises(BrokenRule) as caught:
        await check_channel(case(channel))
    assert str(caught.value).splitlines() == [
        "C07 a forged request changes nothing",
        "  tried: POST /postcards, 51 bytes, signature cut by a character",
        "  expected: `verify` returns False",
    ]
