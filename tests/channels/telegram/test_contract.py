"""The Telegram channel keeps the contract of channels."""

from __future__ import annotations

from satark.testing.contracts.channel import check_channel
from satark_contracts.cases import telegram_case


async def test_the_telegram_channel_keeps_the_contract() -> None:
    await check_channel(telegram_case())
