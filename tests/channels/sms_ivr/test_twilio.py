"""Webhooks of Twilio become messages and requests of calls, except those of other accounts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Address, Malformed, Media, Text
from satark.api.prompt import Prompt
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.api import ACCOUNT_SID
from satark_testing.twilio.people import read_twiml, said

SID = "CA" + "a" * 32
RECORDING = "RE" + "b" * 32
Sign = Callable[..., RawRequest]


@pytest.mark.parametrize("number", ["+919876543210", "anonymous", "", "+266696687", "client:x", "464"])
def test_a_caller_is_known_by_the_call_and_not_by_the_number_that_is_shown(
    number: str, voice: VoiceChannel, signed: Sign
) -> None:
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


def test_a_code_is_asked_for_by_sixteen_keys_and_the_hash(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="0")
    gather, _ = read_twiml(voice.reply(raw, Outcome(prompts=(Prompt(text="Code?", language="en", wants="code"),))).body)
    assert (gather.get("numDigits"), gather.get("finishOnKey")) == ("17", "#")


def test_a_prompt_that_asks_nothing_ends_the_call(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    root = read_twiml(voice.reply(raw, Outcome(prompts=(Prompt(text="Done.", language="en"),))).body)
    assert [verb.tag for verb in root] == ["Say", "Say", "Hangup"]


@pytest.mark.parametrize(
    ("status", "account", "chores"),
    [
        ("completed", ACCOUNT_SID, [("delete", SID.encode())]),
        ("no-answer", ACCOUNT_SID, [("delete", SID.encode())]),
        ("in-progress", ACCOUNT_SID, []),
        ("completed", "AC" + "6" * 32, []),
    ],
)
def test_the_record_of_a_call_is_deleted_once_it_ended(
    status: str, account: str, chores: list[tuple[str, bytes]], voice: VoiceChannel, signed: Sign
) -> None:
    raw = signed("/voice/webhook/status", CallSid=SID, CallStatus=status, AccountSid=account)
    batch = voice.parse(raw)
    assert [(call.method, call.body) for call in batch.chores] == chores
    assert not batch.inbound
    assert voice.reply(raw, Outcome()).body == b""


MESSAGE = "SM" + "a" * 32
MEDIA = f"Messages/MM{'b' * 32}/Media/ME{'c' * 32}"
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/{MEDIA}"


def test_ten_files_are_accepted_with_the_text_as_caption_of_the_first(sms: SmsChannel, signed: Sign) -> None:
    fields = {f"MediaUrl{n}": URL for n in range(12)} | {f"MediaContentType{n}": "image/png" for n in range(12)}
    batch = sms.parse(signed("/sms/webhook", MessageSid=MESSAGE, NumMedia="12", Body="see", **fields))
    captions = [one.event.caption for one in batch.inbound if isinstance(one.event, Media)]
    assert captions == ["see"] + [""] * 9


@pytest.mark.parametrize("fields", [{}, {"MessageSid": "../../x"}, {"MessageSid": "SM" + "a" * 99}])
def test_a_webhook_without_a_message_id_is_malformed(fields: dict[str, str], sms: SmsChannel, signed: Sign) -> None:
    with pytest.raises(Malformed):
        sms.parse(signed("/sms/webhook", **fields))


@pytest.mark.parametrize("fields", [{"AccountSid": "AC" + "6" * 32}, {"From": "whatsapp:+919876543210"}, {"From": ""}])
def test_messages_of_other_accounts_are_ignored(fields: dict[str, str], sms: SmsChannel, signed: Sign) -> None:
    batch = sms.parse(signed("/sms/webhook", MessageSid=MESSAGE, Body="Hi", **fields))
    assert not batch.inbound
    assert batch.ignored


@pytest.mark.parametrize(
    ("status", "chores"),
    [("queued", 0), ("sending", 0), ("sent", 1), ("delivered", 1), ("undelivered", 1), ("failed", 1), ("", 0)],
)
def test_sent_messages_are_deleted_once_they_are_delivered(
    status: str, chores: int, sms: SmsChannel, signed: Sign
) -> None:
    batch = sms.parse(signed("/sms/webhook/status", MessageSid=MESSAGE, MessageStatus=status))
    assert not batch.inbound
    assert len(batch.chores) == chores


@pytest.mark.parametrize("count", ["9" * 5000, "-1", "1" * 10, "²", "३"])
def test_an_invalid_number_of_files_counts_as_no_file(
    count: str, sms: SmsChannel, signed: Callable[..., RawRequest]
) -> None:
    batch = sms.parse(signed("/sms/webhook", MessageSid=MESSAGE, NumMedia=count, Body="Hi"))
    assert [one.event for one in batch.inbound] == [Text("Hi")]
