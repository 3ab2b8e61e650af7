"""The error about a broken rule names the rule, the attempt and the expectation."""

from __future__ import annotations

import pytest

from satark_testing.contracts.channel import BrokenRule, check_channel
from satark_testing.contracts.rules import alone
from support.commands import run
from support.postcards import Postcards, case


async def test_the_message_names_the_rule_the_request_and_what_was_expected() -> None:
    channel = Postcards()
    channel.verify = lambda raw: bool(raw.headers.get("signature"))  # type: ignore[method-assign]
    with pytest.raises(BrokenRule) as caught:
        await check_channel(case(channel))
    assert str(caught.value).splitlines() == [
        "C07 `verify` refuses a forged request",
        "  tried: POST /postcards, 61 bytes, the header signature cut by a character (or is it `unsigned`?)",
        "  expected: `verify` returns False",
    ]


def test_the_command_lists_every_rule() -> None:
    listed = run("plugin", "rules").stdout.splitlines()
    assert len(listed) >= 40
    assert "C07 `verify` refuses a forged request: `verify` returns False" in listed


class _LeftOpen:
    def __init__(self, gone: list[str]) -> None:
        self._gone = gone

    def __del__(self) -> None:
        self._gone.append("closed")


async def test_what_a_broken_plugin_left_open_is_gone_when_the_rule_is_shown() -> None:
    gone = list[str]()

    async def broken() -> None:
        client = _LeftOpen(gone)
        assert not gone, client
        raise BrokenRule("S15", "close")

    with pytest.raises(BrokenRule) as caught:
        async with alone():
            await broken()
    assert gone == ["closed"]
    assert caught.value.rule.id == "S15"
