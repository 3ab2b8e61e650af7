"""The TwiML of a call: what is said, which keys are waited for, and what is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

import pytest

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Tap
from satark.api.prompt import Choice, Prompt, command_token
from satark_sms_ivr.call_texts import call_text
from satark_sms_ivr.keypad import fit_to_keypad
from satark_sms_ivr.settings import CallSettings, TwilioSettings
from satark_sms_ivr.twilio_voice import TwilioVoice
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.twiml import read_twiml, said

SID = "CA" + "a" * 32
RECORDING = "RE" + "b" * 32
PUBLIC = "https://satark.example"

Sign = Callable[..., RawRequest]


def menu(count: int, page: int = 0, *actions: str) -> Prompt:
    """Return a question with so many choices, fitted to the keypad."""
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
def test_a_call_says_112_first_in_the_languages_that_are_offered(
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


def test_the_code_of_a_last_receipt_is_said_again_and_slower_until_the_caller_hangs_up(
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


@pytest.mark.parametrize("question", ["review", "category"])
def test_no_key_counts_before_the_caller_has_heard_what_would_be_sent(
    question: str, voice: VoiceChannel, signed: Sign
) -> None:
    option = "send" if question == "review" else "ARMS"
    choices = (Choice(f"{question}:{option}:1", "send it"), Choice(f"{question}:change:1", "change it"))
    prompt = fit_to_keypad(Prompt(text="They sell arms.", language="en", choices=choices, wants="choice"))
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    (*before, gather, _) = read_twiml(voice.reply(raw, Outcome(prompts=(prompt,))).body)
    assert [said(verb) for verb in before] == (["They sell arms.", "send it: press 1."] if question == "review" else [])
    assert "change it: 2." in [said(verb) for verb in gather]
