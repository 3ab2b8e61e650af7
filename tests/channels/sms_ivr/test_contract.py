"""The channels `sms` and `voice` keep the contract of channels."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from satark.channel import Address, Call, RawRequest
from satark.testing.contracts.channel import ChannelCase, check_channel
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.voice import VoiceChannel

PHONE = "+919876543210"
MORE = {"FromCity": "VARANASI", "FromZip": "221005", "ProfileName": "Sunita", "NumMedia": "0"}
IDENTIFIERS = ("919876543210", "9876543210", "VARANASI", "221005", "Sunita", "elsewhere.example")


def check_call(call: Call) -> None:
    """Fail where Twilio would refuse a call."""
    form = dict(parse_qsl(call.body.decode(), strict_parsing=True))
    assert call.method == "messages"
    assert form["To"] == PHONE
    assert 0 < len(form["Body"]) <= 1600


def test_the_sms_channel_keeps_the_contract(sms: SmsChannel, signed: Callable[..., RawRequest]) -> None:
    genuine = [
        signed("/sms/webhook", MessageSid="SM" + "a" * 32, Body="नमस्ते", **MORE),
        signed("/sms/webhook", MessageSid="SM" + "b" * 32, Body="TIP they sell arms", **MORE),
        signed("/sms/webhook/status", MessageSid="SM" + "c" * 32, MessageStatus="delivered"),
    ]
    check_channel(
        ChannelCase(channel=sms, to=Address(PHONE), genuine=genuine, identifiers=IDENTIFIERS, accepts=check_call)
    )


def test_the_voice_channel_keeps_the_contract(voice: VoiceChannel, signed: Callable[..., RawRequest]) -> None:
    call = {"CallSid": "CA" + "a" * 32, **MORE}
    recorded = {"RecordingSid": "RE" + "b" * 32, "RecordingUrl": "https://elsewhere.example/RE"}
    genuine = [
        signed("/voice/webhook", **call),
        signed("/voice/webhook/keys?n=1&e=more", Digits="1", **call),
        signed("/voice/webhook/record?n=2", **call, **recorded, RecordingDuration="4"),
        signed("/voice/webhook/recording", **call, **recorded, RecordingStatus="completed"),
    ]
    check_channel(
        ChannelCase(channel=voice, to=Address(PHONE), genuine=genuine, identifiers=IDENTIFIERS, accepts=check_call)
    )
