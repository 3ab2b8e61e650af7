"""The Telegram channel keeps the contract of channels."""

from __future__ import annotations

import pytest

from satark_telegram import plugin
from satark_testing.contracts.channel import check_channel
from satark_testing.contracts.plugin import PluginCase, check_plugin
from support.contract_mutants.cases import telegram_case


@pytest.mark.slow("some seconds of a processor")
async def test_the_telegram_channel_keeps_the_contract() -> None:
    await check_channel(telegram_case())


def test_the_plugin_keeps_the_contract() -> None:
    settings = {
        "SATARK_TELEGRAM__TOKEN": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "SATARK_TELEGRAM__SECRET_TOKEN": "a-secret-of-ours_1",
    }
    secrets = tuple(value for name, value in settings.items() if "TOKEN" in name or "SECRET" in name)
    check_plugin(PluginCase(module=plugin, name="telegram", settings=settings, channels=("telegram",), secrets=secrets))
