"""Both channels check, sign and name what their provider does."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from satark.api.channel import RawRequest
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.api import NUMBER


@pytest.fixture(params=["sms", "voice"])
def channel(request: pytest.FixtureRequest, sms: SmsChannel, voice: VoiceChannel) -> SmsChannel | VoiceChannel:
    """Each of the channels in turn, not connected."""
    return sms if request.param == "sms" else voice


def test_only_a_request_that_the_provider_signed_is_accepted(channel: SmsChannel | VoiceChannel) -> None:
    raw = RawRequest(method="POST", path=channel.endpoints[0].path, body=b"From=%2B919812345678")
    signed = channel.sign(raw)
    assert not channel.verify(raw)
    assert channel.verify(signed)
    assert not channel.verify(replace(signed, body=b"From=%2B919812345679"))


def test_the_account_is_the_providers_number(channel: SmsChannel | VoiceChannel) -> None:
    assert channel.accounts == (f"{channel.name}:{NUMBER}",)


def test_a_provider_without_signatures_leaves_a_recorded_request_as_it_is(
    sms: SmsChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark_sms_ivr.provider_channel.SigningProvider", int)
    raw = RawRequest(method="POST", path=sms.endpoints[0].path, body=b"")
    assert sms.sign(raw) is raw
