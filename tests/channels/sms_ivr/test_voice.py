"""Requests of a call become the right events, and the channel makes no calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Address, Batch, CompleteTip, Event, Media, MediaRef, Tap, Text
from satark.api.outbound import Call, Permanent
from satark.api.prompt import Choice, Prompt, command_token
from satark.api.providers import Ask, CallRequest, CallVerb, Record
from satark_sms_ivr.call_state import CallState
from satark_sms_ivr.call_texts import call_text
from satark_sms_ivr.keypad import fit_to_keypad
from satark_sms_ivr.settings import CallSettings, TwilioSettings
from satark_sms_ivr.twilio import TwilioVoice
from satark_sms_ivr.voice import ListeningVoiceChannel, VoiceChannel
from satark_testing.twilio.api import NUMBER
from satark_testing.twilio.people import read_twiml, said

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
    assert inbound.senders == (Address(SID),)


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
    """A provider that carries its calls itself. Each of its requests is asked once."""

    endpoints = ()
    in_use = True

    def __init__(self, *requests: CallRequest) -> None:
        self.account = "voice:whatsapp-1"
        self._requests = requests
        self.told: list[Sequence[CallVerb]] = []

    async def listen(self, ask: Callable[[CallRequest], Awaitable[Sequence[CallVerb]]]) -> None:
        self.told += [await ask(request) for request in self._requests]


CALL = CallRequest(id="wacid.1", step="start", senders=(Address("IN.1"),), chat_account="whatsapp:1")


async def test_a_call_carried_by_this_process_needs_no_webhooks(settings: TwilioSettings) -> None:
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


PUBLIC = "https://satark.example"


def menu(count: int, page: int = 0, *actions: str) -> Prompt:
    """Return a question with this many choices, fitted to the keypad."""
    choices = tuple(Choice(f"category:C{n}:1", f"choice {n}") for n in range(1, count + 1))
    more_actions = tuple(Choice(f"category:@{name}:1", name) for name in actions)
    turns = tuple(Choice(f"category:@{name}:1", name) for name in ("more", "less"))
    prompt = Prompt(
        text="Which?", language="en", choices=choices, actions=more_actions, turns=turns, page=page, wants="choice"
    )
    return fit_to_keypad(prompt)


def spoken(voice: VoiceChannel, raw: RawRequest, *prompts: Prompt) -> list[str]:
    root = read_twiml(voice.reply(raw, Outcome(prompts=prompts)).body)
    return [said(verb) for verb in root.iter("Say")]


def test_a_menu_waits_for_one_key_and_asks_again_when_none_comes(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    root = read_twiml(voice.reply(raw, Outcome(prompts=(menu(12, 0, "back"),))).body)
    gather, redirect = root
    assert (gather.get("numDigits"), gather.get("finishOnKey"), gather.get("input")) == ("1", "", "dtmf")
    assert urlsplit(gather.attrib["action"]).query == "n=7&e=more&a=back"
    assert urlsplit(said(redirect)).query == "n=7&e=more&a=back&s=1"
    lines = [said(verb) for verb in gather]
    assert ("choice 1: press 1." in lines, "choice 7: 7." in lines) == (True, True)


@pytest.mark.parametrize("state", ["accepted", "spooled", "refused"])
def test_a_call_says_112_first_in_the_offered_languages(
    state: Literal["accepted", "spooled", "refused"], settings: TwilioSettings, signed: Sign
) -> None:
    prompt = Prompt(text="Which?", language="en", wants="text")
    raw = signed("/voice/webhook", CallSid=SID)
    for offered in (["hi", "en"], ["en"]):
        channel = VoiceChannel(TwilioVoice(settings, PUBLIC), CallSettings(), PUBLIC, offered)
        root = read_twiml(channel.reply(raw, Outcome(state=state, prompts=(prompt,))).body)
        first = [*root.iter("Say")][: len(offered)]
        assert [verb.get("language") for verb in first] == [f"{language}-IN" for language in offered]
        assert all("112" in said(verb) for verb in first)


def test_a_caller_who_presses_no_key_hears_112_first_and_before_the_beep(voice: VoiceChannel, signed: Sign) -> None:
    choices = (Choice("@language:hi:1", "हिन्दी"), Choice("@language:en:1", "English"))
    prompt = Prompt(text="भाषा चुनें:\nChoose a language.", language="hi", choices=choices, wants="choice")
    for query in ("", "/keys?n=1&s=3"):
        lines = spoken(voice, signed(f"/voice/webhook{query}", CallSid=SID), prompt)
        assert ["112" in line for line in lines[:3]] == [True, True, False]


def test_the_code_of_a_last_receipt_is_repeated_more_slowly_until_the_caller_hangs_up(
    settings: TwilioSettings, signed: Sign
) -> None:
    channel = VoiceChannel(TwilioVoice(settings, PUBLIC), CallSettings(code_times=3), PUBLIC)
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    receipt = Prompt(text="Thanks.\n8391 4460 1234 5678\nTip 4K7Q.", language="en", must_arrive=True)
    root = read_twiml(channel.reply(raw, Outcome(prompts=(receipt,))).body)
    groups = ["8 3 9 1", "4 4 6 0", "1 2 3 4", "5 6 7 8"]
    again = call_text("en", "receipt.again")
    lines = [said(verb) for verb in root.iter("Say")]
    assert lines == ["Thanks.", *groups, "Tip 4K7Q.", again, *groups, again, *groups, call_text("en", "bye")]
    rates = [verb.attrib["rate"] for verb in root.iter("prosody")]
    assert rates == ["slow"] * 4 + ["x-slow"] * 8
    pauses = [int(verb.attrib["length"]) for verb in root.iter("Pause")]
    assert (pauses[:4], pauses[-4:]) == ([1] * 4, [3] * 4)
    assert not [*root.iter("Gather")], "a key pressed by mistake would lose the code"


def test_two_keys_close_the_question_for_a_code(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="0")
    prompt = Prompt(text="Code?", language="en", wants="code", actions=(Choice("@code:@leave:1", "Close"),))
    assert "To close this press 9 and hash." in spoken(voice, raw, prompt)
    (inbound,) = voice.parse(signed("/voice/webhook/keys?n=7&a=leave", CallSid=SID, Digits="9")).inbound
    assert inbound.event == Tap(command_token("leave"))


def test_after_three_silences_a_message_is_recorded_and_after_four_the_call_ends(
    voice: VoiceChannel, signed: Sign
) -> None:
    for silences, tag in ((1, "Gather"), (2, "Gather"), (3, "Say"), (4, "Hangup")):
        raw = signed(f"/voice/webhook/keys?n=6&s={silences}", CallSid=SID)
        root = read_twiml(voice.reply(raw, Outcome(prompts=(menu(3),))).body)
        assert root[0].tag == tag
    again = read_twiml(voice.reply(signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1"), Outcome()).body)
    assert [verb.tag for verb in again] == ["Redirect"]


@pytest.mark.parametrize(
    ("state", "path", "fields", "hindi", "english", "records"),
    [
        ("spooled", "", {}, "बीप के बाद", "after the beep", True),
        ("spooled", "/keys?n=3", {"Digits": "3"}, "बीप के बाद", "after the beep", True),
        ("spooled", "/record?n=3", {"RecordingSid": RECORDING}, "बीप के बाद", "after the beep", True),
        ("spooled", "/record?n=3&m=1", {"RecordingSid": RECORDING}, "सुरक्षित रखा गया है", "is saved", False),
        ("refused", "", {}, "112", "112", False),
        ("refused", "/record?n=3&m=1", {"RecordingSid": RECORDING}, "112", "112", False),
    ],
)
def test_while_the_database_is_down_a_caller_hears_so_in_both_languages(
    *,
    state: Literal["spooled", "refused"],
    path: str,
    fields: dict[str, str],
    hindi: str,
    english: str,
    records: bool,
    voice: VoiceChannel,
    signed: Sign,
) -> None:
    outcome = Outcome(state=state, prompts=(Prompt(text="a written notice", language="hi", must_arrive=True),))
    root = read_twiml(voice.reply(signed(f"/voice/webhook{path}", CallSid=SID, **fields), outcome).body)
    texts = {say.get("language"): said(say) for say in root.iter("Say")}
    assert hindi in texts["hi-IN"]
    assert english in texts["en-IN"]
    assert [verb.tag for verb in root][-1] == "Hangup"
    assert bool([*root.iter("Record")]) is records
    assert all("m=1" in record.attrib["action"] for record in root.iter("Record"))


def may_send(question: str, text: str = "They sell arms.") -> Prompt:
    """Return whether a question is the review, whose first choice sends the tip."""
    option = "send" if question == "review" else "ARMS"
    choices = (Choice(f"{question}:{option}:1", "send it"), Choice(f"{question}:change:1", "change it"))
    return fit_to_keypad(Prompt(text=text, language="en", choices=choices, wants="choice"))


@pytest.mark.parametrize("question", ["review", "category"])
@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("They sell arms.", ["They sell arms."]),
        ("• What: arms\n• Where: here\nSend this?", ["What: arms", "Where: here"]),
        ("• What: arms • here", ["What: arms • here"]),
    ],
)
def test_no_key_sends_before_the_caller_has_heard_the_whole_tip(
    question: str, text: str, listed: list[str], voice: VoiceChannel, signed: Sign
) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    (*before, gather, _) = read_twiml(voice.reply(raw, Outcome(prompts=(may_send(question, text),))).body)
    assert [said(verb) for one in before for verb in one] == (listed if question == "review" else [])
    assert {urlsplit(one.attrib["action"]).query for one in before} <= {"n=7&u=1"}
    assert urlsplit(gather.attrib["action"]).query == "n=7"
    assert {"send it: press 1.", "change it: 2."} <= {said(verb) for verb in gather}
    (inbound,) = voice.parse(signed("/voice/webhook/keys?n=7&u=1", CallSid=SID, Digits="1")).inbound
    assert inbound.event == command("repeat")


def test_no_key_sends_during_the_notice_of_a_call_that_begins_with_the_review(voice: VoiceChannel) -> None:
    outcome = Outcome(prompts=(may_send("review"),))
    notice, review, asked, _ = voice._answer(replace(CALL, continues=True), CallState(), outcome)
    states = [CallState.parse(verb.state) for verb in (notice, review, asked) if isinstance(verb, Ask)]
    assert [state.unheard for state in states] == ["g1", "1", ""]
    assert states[0].event_of("1") == command("repeat")
