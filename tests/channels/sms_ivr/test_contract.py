"""The channels `sms` and `voice` keep the contract of channels."""

from __future__ import annotations

import pytest

from satark_sms_ivr import plugin
from satark_testing.contracts.channel import check_channel
from satark_testing.contracts.plugin import PluginCase, check_plugin
from support.contract_mutants.cases import sms_case, voice_case


@pytest.mark.slow("a third of a second of a processor")
async def test_the_sms_channel_keeps_the_contract() -> None:
    await check_channel(sms_case())


@pytest.mark.slow("a third of a second of a processor")
async def test_the_voice_channel_keeps_the_contract() -> None:
    await check_channel(voice_case())


def test_the_plugin_keeps_the_contract() -> None:
    settings = {
        "SATARK_PUBLIC_URL": "https://tips.example.in",
        "SATARK_TWILIO__ACCOUNT_SID": "AC" + "1" * 32,
        "SATARK_TWILIO__AUTH_TOKEN": "the-token-0123456789",
        "SATARK_TWILIO__NUMBER": "+15550100100",
    }
    secrets = (settings["SATARK_TWILIO__AUTH_TOKEN"],)
    check_plugin(
        PluginCase(module=plugin, name="twilio", settings=settings, channels=("sms", "voice"), secrets=secrets)
    )
