"""The WhatsApp channel keeps the contract of channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.testing.contracts.channel import check_channel
from satark_contracts.cases import WHATSAPP_IDENTIFIERS, whatsapp_case

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.json"))


@pytest.mark.parametrize("to", ["919876543210", "IN.13491208655302741918"])
async def test_the_whatsapp_channel_keeps_the_contract(to: str) -> None:
    await check_channel(whatsapp_case(to))


def test_every_marker_is_in_the_payloads() -> None:
    everything = "".join(path.read_text() for path in PAYLOADS)
    assert [word for word in WHATSAPP_IDENTIFIERS if word not in everything] == []
