"""Both channels check their provider's requests, and name its account."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from satark.api.channel import RawRequest
from satark.api.observability import FaultFinder
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.twilio_api import TwilioNumber
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.api import NUMBER


@pytest.fixture(params=["sms", "voice"])
def channel(request: pytest.FixtureRequest, sms: SmsChannel, voice: VoiceChannel) -> SmsChannel | VoiceChannel:
    """Each of the channels in turn, not connected."""
    return sms if request.param == "sms" else voice


def test_only_a_request_that_the_provider_signed_is_accepted(
    channel: SmsChannel | VoiceChannel, signed: Callable[..., RawRequest]
) -> None:
    raw = signed(channel.endpoints[0].path)
    assert not channel.verify(replace(raw, headers={}))
    assert channel.verify(raw)
    assert not channel.verify(replace(raw, body=b"From=%2B919812345679"))


def test_the_account_is_the_providers_number(channel: SmsChannel | VoiceChannel) -> None:
    assert channel.accounts == (f"{channel.name}:{NUMBER}",)


async def test_a_channel_tells_the_faults_of_its_provider(
    channel: SmsChannel | VoiceChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def faults(_number: TwilioNumber) -> list[str]:
        return ["elsewhere"]

    monkeypatch.setattr(TwilioNumber, "find_faults", faults)
    assert isinstance(channel, FaultFinder)
    assert await channel.find_faults() == ["elsewhere"]
