"""The WhatsApp channel keeps the contract of channels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from satark.channel import Address, RawRequest
from satark.testing.contracts.channel import ChannelCase, check_channel
from satark.testing.whatsapp.limits import check_message
from satark_whatsapp.channel import WhatsAppChannel

PAYLOADS = sorted((Path(__file__).parent / "payloads").glob("*.json"))
IDENTIFIERS = (
    "919876543210",
    "13491208655302741918",
    "US.1234",
    "IN.222NEW",
    "919000000001",
    "90000 00001",
    "98765 43210",
    "Sunita",
    "sunita",
    "Planted",
    "Aadhaar",
)


def case(channel: WhatsAppChannel, to: str, signed: Callable[[bytes], RawRequest]) -> ChannelCase:
    return ChannelCase(
        channel=channel,
        to=Address(to),
        genuine=[signed(path.read_bytes()) for path in PAYLOADS],
        identifiers=IDENTIFIERS,
        accepts=lambda call: check_message(json.loads(call.body)),
    )


@pytest.mark.parametrize("to", ["919876543210", "IN.13491208655302741918"])
def test_the_whatsapp_channel_keeps_the_contract(
    to: str, whatsapp: WhatsAppChannel, signed: Callable[[bytes], RawRequest]
) -> None:
    check_channel(case(whatsapp, to, signed))


def test_every_marker_is_in_the_payloads() -> None:
    everything = "".join(path.read_text() for path in PAYLOADS)
    assert [word for word in IDENTIFIERS if word not in everything] == []
