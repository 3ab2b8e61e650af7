"""The channels `sms` and `voice` keep the contract of channels."""

from __future__ import annotations

from satark.testing.contracts.channel import check_channel
from satark_contracts.cases import sms_case, voice_case


async def test_the_sms_channel_keeps_the_contract() -> None:
    await check_channel(sms_case())


async def test_the_voice_channel_keeps_the_contract() -> None:
    await check_channel(voice_case())
