"""A request of Twilio's becomes a step of a call, and only of a call to this account."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Address, Malformed
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.twiml import read_twiml

SID = "CA" + "a" * 32
RECORDING = "RE" + "b" * 32
Sign = Callable[..., RawRequest]


@pytest.mark.parametrize("number", ["anonymous", "", "+266696687", "Restricted", "client:x", "464"])
def test_a_caller_without_a_number_is_identified_by_the_call(number: str, voice: VoiceChannel, signed: Sign) -> None:
    (inbound,) = voice.parse(signed("/voice/webhook", CallSid=SID, From=number)).inbound
    assert inbound.senders == (Address(SID),)


@pytest.mark.parametrize(("path", "fields"), [("", {}), ("/keys?n=x", {"CallSid": SID}), ("/keys?n", {"CallSid": SID})])
def test_an_invalid_request_of_a_call_is_malformed(
    path: str, fields: dict[str, str], voice: VoiceChannel, signed: Sign
) -> None:
    raw = signed(f"/voice/webhook{path}", **fields)
    with pytest.raises(Malformed):
        voice.parse(raw)
    assert read_twiml(voice.reply(raw, Outcome()).body) is not None


def test_calls_of_another_account_are_ignored(voice: VoiceChannel, signed: Sign) -> None:
    assert voice.parse(signed("/voice/webhook", CallSid=SID, AccountSid="AC" + "6" * 32)).ignored == 1


@pytest.mark.parametrize(("status", "alarms"), [("completed", []), ("absent", ["recording-absent"])])
def test_an_absent_recording_is_an_alarm(status: str, alarms: list[str], voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/recording", CallSid=SID, RecordingSid=RECORDING, RecordingStatus=status)
    batch = voice.parse(raw)
    assert (list(batch.inbound), list(batch.alarms)) == ([], alarms)
    assert voice.reply(raw, Outcome()).body == b""
