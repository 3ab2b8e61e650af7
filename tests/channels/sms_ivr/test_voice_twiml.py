"""The verbs of a call are written as TwiML."""

from __future__ import annotations

from collections.abc import Callable

from satark.api.channel import Outcome, RawRequest
from satark.api.prompt import Prompt
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.twiml import read_twiml, said

SID = "CA" + "a" * 32
Sign = Callable[..., RawRequest]


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
