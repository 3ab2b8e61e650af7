"""The WhatsApp channel keeps the contract of channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_testing.contracts.channel import check_channel
from satark_testing.contracts.plugin import PluginCase, check_plugin
from satark_whatsapp import plugin
from support.contract_mutants.cases import WHATSAPP_IDENTIFIERS, whatsapp_case

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.json"))


@pytest.mark.slow("some seconds of a processor")
@pytest.mark.parametrize("to", ["919876543210", "IN.13491208655302741918"])
async def test_the_whatsapp_channel_keeps_the_contract(to: str) -> None:
    await check_channel(whatsapp_case(to))


def test_every_marker_is_in_the_payloads() -> None:
    everything = "".join(path.read_text() for path in PAYLOADS)
    assert [word for word in WHATSAPP_IDENTIFIERS if word not in everything] == []


@pytest.mark.slow("the contract's checks")
def test_the_plugin_keeps_the_contract() -> None:
    settings = {
        "SATARK_WHATSAPP__APP_SECRET": "app-secret-0123",
        "SATARK_WHATSAPP__VERIFY_TOKEN": "verify-token-01",
        "SATARK_WHATSAPP__ACCESS_TOKEN": "access-token-012",
        "SATARK_WHATSAPP__PHONE_NUMBER_ID": "106540352242922",
    }
    secrets = tuple(value for name, value in settings.items() if "TOKEN" in name or "SECRET" in name)
    check_plugin(PluginCase(module=plugin, name="whatsapp", settings=settings, channels=("whatsapp",), secrets=secrets))
