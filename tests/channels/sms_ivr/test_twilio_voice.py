"""A request of Twilio's becomes a step of a call, and only of a call to this account."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Address, Malformed
from satark.api.prompt import Prompt
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.twiml import read_twiml, said

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


def test_an_open_question_is_answered_by_a_recording(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    prompt = Prompt(text="क्या हो रहा है?", language="hi", wants="text")
    gather, record, redirect = read_twiml(voice.reply(raw, Outcome(prompts=(prompt,))).body)
    assert gather[0].get("language") == "hi-IN"
    assert record.get("recordingStatusCallback") == "https://satark.example/voice/webhook/recording"
    assert record.get("finishOnKey") == "#0", 'who presses the key for "don\'t know" too late is understood too'
    assert "transcribe" not in record.attrib
    assert said(redirect).endswith("s=1")


def test_a_code_is_asked_for_by_sixteen_keys(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="0")
    gather, _ = read_twiml(voice.reply(raw, Outcome(prompts=(Prompt(text="Code?", language="en", wants="code"),))).body)
    assert (gather.get("numDigits"), gather.get("finishOnKey")) == ("16", "#")


def test_a_prompt_that_asks_nothing_ends_the_call(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    root = read_twiml(voice.reply(raw, Outcome(prompts=(Prompt(text="Done.", language="en"),))).body)
    assert [verb.tag for verb in root] == ["Say", "Say", "Hangup"]
