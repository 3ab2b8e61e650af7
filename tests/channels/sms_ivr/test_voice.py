"""Requests of a call become the right events, and the channel makes no calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest
from msgspec.structs import replace

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Address, Batch, CompleteTip, Event, Media, MediaRef, Tap, Text
from satark.api.outbound import Call, Permanent
from satark.api.prompt import Prompt, command_token
from satark.api.providers import CallRequest, CallVerb, Record
from satark_sms_ivr.settings import CallSettings, TwilioSettings
from satark_sms_ivr.twilio_voice import TwilioVoice
from satark_sms_ivr.voice import ListeningVoiceChannel, VoiceChannel
from satark_testing.twilio.api import NUMBER

SID = "CA" + "a" * 32
RECORDING = "RE" + "b" * 32
ACCOUNT = f"voice:{NUMBER}"
SPOKEN = Media(MediaRef(account=ACCOUNT, id=RECORDING, mime="audio/wav"), "voice")

PRESSED_0 = {"RecordingSid": RECORDING, "Digits": "0"}

Sign = Callable[..., RawRequest]


def command(name: str) -> Event:
    return Tap(command_token(name))


@pytest.mark.parametrize(
    ("path", "fields", "event", "key"),
    [
        ("", {}, command("restart"), "0:0"),
        ("/keys?n=1", {"Digits": "3"}, Text("3"), "1:0"),
        ("/keys?n=2&p=1&e=more", {"Digits": "3"}, Text("10"), "2:0"),
        ("/keys?n=2&e=more", {"Digits": "8"}, command("more"), "2:0"),
        ("/keys?n=2&e=skip&a=back", {"Digits": "8"}, command("skip"), "2:0"),
        ("/keys?n=2&a=less", {"Digits": "9"}, command("less"), "2:0"),
        ("/keys?n=2", {"Digits": "9"}, Text("9"), "2:0"),
        ("/keys?n=2", {"Digits": "*"}, command("restart"), "2:0"),
        ("/keys?n=2", {"Digits": "*12"}, command("restart"), "2:0"),
        ("/keys?n=2", {"Digits": "#"}, command("repeat"), "2:0"),
        ("/keys?n=2&z=status", {"Digits": "0"}, command("status"), "2:0"),
        ("/keys?n=2&z=unknown&e=skip", {"Digits": "0"}, command("unknown"), "2:0"),
        ("/keys?n=2&s=1", {}, command("repeat"), "2:1"),
        ("/keys?n=2", {"Digits": "8391446012345678"}, Text("status 8391446012345678"), "2:0"),
        ("/keys?n=2", {"Digits": "839144601234"}, Text("continue 839144601234"), "2:0"),
        ("/keys?n=2", {"Digits": "8391446012345"}, Text("8391446012345"), "2:0"),
        ("/keys?n=2&c=1", {"Digits": "7"}, command("clear"), "2:0"),
        ("/keys?n=2&a=elsewhere", {"Digits": "9"}, command("elsewhere"), "2:0"),
        ("/record?n=4", {"RecordingSid": RECORDING, "RecordingDuration": "3", "Digits": "#"}, SPOKEN, "4:0"),
        ("/record?n=4", {"RecordingSid": RECORDING, "Digits": "hangup"}, SPOKEN, "4:0"),
        ("/record?n=4&m=1", {"RecordingSid": RECORDING, "Digits": "hangup"}, CompleteTip(SPOKEN, last=True), "4:0"),
        ("/record?n=4", {"RecordingSid": RECORDING, "RecordingDuration": "0"}, command("repeat"), "4:0"),
        ("/record?n=4", {"RecordingSid": "../Messages"}, command("repeat"), "4:0"),
        ("/record?n=4&z=unknown", {**PRESSED_0, "RecordingDuration": "2"}, command("unknown"), "4:0"),
        ("/record?n=4&z=unknown", {**PRESSED_0, "RecordingDuration": "9"}, SPOKEN, "4:0"),
        ("/record?n=4", {**PRESSED_0, "RecordingDuration": "2"}, SPOKEN, "4:0"),
        ("/record?n=4&m=1", {**PRESSED_0, "RecordingDuration": "2"}, CompleteTip(SPOKEN, last=True), "4:0"),
    ],
)
def test_a_request_of_a_call_becomes_an_event(
    *, path: str, fields: dict[str, str], event: Event, key: str, voice: VoiceChannel, signed: Sign
) -> None:
    (inbound,) = voice.parse(signed(f"/voice/webhook{path}", CallSid=SID, **fields)).inbound
    assert inbound.event == event
    assert inbound.event_key == f"{SID}:{key}"
    assert inbound.senders == (Address("+919876543210"),)


@pytest.mark.parametrize(("seconds", "deleted"), [("2", [RECORDING]), ("9", [])])
def test_a_recording_before_key_0_is_deleted_unless_it_is_an_answer(
    seconds: str, deleted: list[str], voice: VoiceChannel, signed: Sign
) -> None:
    fields = {**PRESSED_0, "RecordingDuration": seconds}
    batch = voice.parse(signed("/voice/webhook/record?n=4&z=unknown", CallSid=SID, **fields))
    assert [(call.method, call.body.decode()) for call in batch.chores] == [("delete", sid) for sid in deleted]


async def test_the_voice_channel_makes_no_calls(voice: VoiceChannel) -> None:
    prompt = Prompt(text="news", language="en")
    assert not voice.render(prompt, ACCOUNT, Address("+91"))
    assert not voice.notice(prompt, ACCOUNT, Address("+91"))
    assert await voice.send(Call(account=ACCOUNT, method="calls", body=b""), "0") == Permanent("method")


class CarriedCalls(TwilioVoice):
    """A provider that carries its calls itself: each of its requests is asked once."""

    endpoints = ()
    in_use = True

    def __init__(self, *requests: CallRequest) -> None:
        self.account = "voice:whatsapp-1"
        self._requests = requests
        self.told: list[Sequence[CallVerb]] = []

    async def listen(self, ask: Callable[[CallRequest], Awaitable[Sequence[CallVerb]]]) -> None:
        self.told += [await ask(request) for request in self._requests]


CALL = CallRequest(id="wacid.1", step="start", senders=(Address("IN.1"),), chat_account="whatsapp:1")


async def test_calls_of_this_process_are_led_without_webhooks(settings: TwilioSettings) -> None:
    carried = CarriedCalls(CALL, replace(CALL, continues=True), replace(CALL, step="keys", keys="2", state="n=1"))
    channel = ListeningVoiceChannel(TwilioVoice(settings, "https://x"), CallSettings(), "https://x", ("hi",), carried)
    batches: list[Batch] = []

    async def receive(batch: Batch) -> Outcome:
        batches.append(batch)
        return Outcome(prompts=[Prompt(text="क्या हो रहा है?", language="hi", wants="text")])

    await channel.listen(receive)
    inbound = [one for batch in batches for one in batch.inbound]
    assert [one.event for one in inbound] == [command("restart"), command("repeat"), Text("2")]
    assert {(one.account, one.chat_account, one.senders) for one in inbound} == {
        ("voice:whatsapp-1", "whatsapp:1", (Address("IN.1"),))
    }
    assert [one.event_key for one in inbound] == ["wacid.1:0:0", "wacid.1:0:0", "wacid.1:1:0"]
    assert all(isinstance(told[-2], Record) for told in carried.told)
    assert channel.in_use
    assert channel.accounts == (ACCOUNT, "voice:whatsapp-1")
