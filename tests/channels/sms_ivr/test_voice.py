"""What a moment of a call becomes, and the TwiML that goes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.channel import (  # fmt: skip
    Address,
    CompleteTip,
    Event,
    Malformed,
    Media,
    MediaRef,
    Outcome,
    Permanent,
    RawRequest,
    Tap,
    Text,
)
from satark.channel import Call as ProviderCall
from satark.choice_tokens import command_token
from satark.prompt import Choice, Prompt
from satark.testing.twilio.api import NUMBER
from satark.testing.twilio.twiml import TwimlError, read_twiml, said
from satark_sms_ivr.clips import clip_name
from satark_sms_ivr.keypad import Call, as_menu
from satark_sms_ivr.phrases import language_of
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.voice import VoiceChannel

SID = "CA" + "a" * 32
RECORDING = "RE" + "b" * 32
ACCOUNT = f"voice:{NUMBER}"
SPOKEN = Media(MediaRef(account=ACCOUNT, id=RECORDING, mime="audio/wav"), "voice")

Sign = Callable[..., RawRequest]


def word(name: str) -> Event:
    return Tap(command_token(name))


@pytest.mark.parametrize(
    ("path", "fields", "event", "key"),
    [
        ("", {}, word("restart"), "0:0"),
        ("/keys?n=1", {"Digits": "3"}, Text("3"), "1:0"),
        ("/keys?n=2&p=1&e=more", {"Digits": "3"}, Text("10"), "2:0"),
        ("/keys?n=2&e=more", {"Digits": "8"}, word("more"), "2:0"),
        ("/keys?n=2&e=skip&a=back", {"Digits": "8"}, word("skip"), "2:0"),
        ("/keys?n=2&a=less", {"Digits": "9"}, word("less"), "2:0"),
        ("/keys?n=2", {"Digits": "9"}, Text("9"), "2:0"),
        ("/keys?n=2", {"Digits": "*"}, word("restart"), "2:0"),
        ("/keys?n=2", {"Digits": "*12"}, word("restart"), "2:0"),
        ("/keys?n=2", {"Digits": "#"}, word("repeat"), "2:0"),
        ("/keys?n=2", {"Digits": "0"}, word("status"), "2:0"),
        ("/keys?n=2&s=1", {}, word("repeat"), "2:1"),
        ("/keys?n=2", {"Digits": "8391446012345678"}, Text("status 8391446012345678"), "2:0"),
        ("/keys?n=2", {"Digits": "839144601234"}, Text("continue 839144601234"), "2:0"),
        ("/keys?n=2", {"Digits": "8391446012345"}, Text("8391446012345"), "2:0"),
        ("/keys?n=2&c=1", {"Digits": "7"}, word("clear"), "2:0"),
        ("/keys?n=2&a=elsewhere", {"Digits": "9"}, word("elsewhere"), "2:0"),
        ("/record?n=4", {"RecordingSid": RECORDING, "RecordingDuration": "3", "Digits": "#"}, SPOKEN, "4:0"),
        ("/record?n=4", {"RecordingSid": RECORDING, "Digits": "hangup"}, SPOKEN, "4:0"),
        ("/record?n=4&m=1", {"RecordingSid": RECORDING, "Digits": "hangup"}, CompleteTip(SPOKEN, last=True), "4:0"),
        ("/record?n=4", {"RecordingSid": RECORDING, "RecordingDuration": "0"}, word("repeat"), "4:0"),
        ("/record?n=4", {"RecordingSid": "../Messages"}, word("repeat"), "4:0"),
    ],
)
def test_a_moment_of_a_call_becomes_an_event(
    *, path: str, fields: dict[str, str], event: Event, key: str, voice: VoiceChannel, signed: Sign
) -> None:
    (inbound,) = voice.parse(signed(f"/voice/webhook{path}", CallSid=SID, **fields)).inbound
    assert inbound.event == event
    assert inbound.event_key == f"{SID}:{key}"
    assert inbound.senders == (Address("+919876543210"),)


@pytest.mark.parametrize("number", ["anonymous", "", "+266696687", "Restricted", "client:x", "464"])
def test_who_withholds_the_number_is_known_by_the_call_alone(number: str, voice: VoiceChannel, signed: Sign) -> None:
    (inbound,) = voice.parse(signed("/voice/webhook", CallSid=SID, From=number)).inbound
    assert inbound.senders == (Address(SID),)


@pytest.mark.parametrize(("path", "fields"), [("", {}), ("/keys?n=x", {"CallSid": SID}), ("/keys?n", {"CallSid": SID})])
def test_what_is_no_moment_of_a_call_is_malformed(
    path: str, fields: dict[str, str], voice: VoiceChannel, signed: Sign
) -> None:
    raw = signed(f"/voice/webhook{path}", **fields)
    with pytest.raises(Malformed):
        voice.parse(raw)
    assert read_twiml(voice.reply(raw, Outcome()).body) is not None


def test_calls_of_another_account_are_ignored(voice: VoiceChannel, signed: Sign) -> None:
    assert voice.parse(signed("/voice/webhook", CallSid=SID, AccountSid="AC" + "6" * 32)).ignored == 1


@pytest.mark.parametrize(("status", "alarms"), [("completed", []), ("absent", ["recording-absent"])])
def test_a_recording_that_never_came_is_an_alarm(
    status: str, alarms: list[str], voice: VoiceChannel, signed: Sign
) -> None:
    raw = signed("/voice/webhook/recording", CallSid=SID, RecordingSid=RECORDING, RecordingStatus=status)
    batch = voice.parse(raw)
    assert (list(batch.inbound), list(batch.alarms)) == ([], alarms)
    assert voice.reply(raw, Outcome()).body == b""


def menu(count: int, page: int = 0, *actions: str) -> Prompt:
    """A question with so many choices, fitted."""
    choices = tuple(Choice(f"category:C{n}:1", f"choice {n}") for n in range(1, count + 1))
    ways = tuple(Choice(f"category:@{name}:1", name) for name in actions)
    turns = tuple(Choice(f"category:@{name}:1", name) for name in ("more", "less"))
    prompt = Prompt(text="Which?", language="en", choices=choices, actions=ways, turns=turns, page=page, wants="choice")
    return as_menu(prompt)


@given(count=st.integers(1, 60), page=st.integers(-5, 20))
def test_a_page_has_seven_choices_and_its_keys_name_them(count: int, page: int) -> None:
    fitted = menu(count, page, "back")
    call = Call(turn=4).next(fitted)
    named = [call.heard(str(key)) for key in range(1, len(fitted.choices) + 1)]
    assert [f"category:C{e.body}:1" for e in named if isinstance(e, Text)] == [c.token for c in fitted.choices]
    assert 1 <= len(fitted.choices) <= 7
    last = -(-count // 7) - 1
    assert call.onward == ("more" if fitted.page < last else "")
    assert call.aside == ("less" if fitted.page else "back")
    assert Call.read(call.query) == call


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
    assert "choice 7: press 7." in [said(verb) for verb in gather]


def test_an_open_question_is_answered_by_a_recording(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    prompt = Prompt(text="क्या हो रहा है?", language="hi", wants="text")
    gather, record, redirect = read_twiml(voice.reply(raw, Outcome(prompts=(prompt,))).body)
    assert gather[0].get("language") == "hi-IN"
    assert record.get("recordingStatusCallback") == "https://satark.example/voice/webhook/recording"
    assert record.get("finishOnKey") == "#"
    assert "transcribe" not in record.attrib
    assert said(redirect).endswith("s=1")


def test_a_code_is_asked_for_by_sixteen_keys(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="0")
    gather, _ = read_twiml(voice.reply(raw, Outcome(prompts=(Prompt(text="Code?", language="en", wants="code"),))).body)
    assert (gather.get("numDigits"), gather.get("finishOnKey")) == ("16", "#")


def test_the_last_word_ends_the_call(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    root = read_twiml(voice.reply(raw, Outcome(prompts=(Prompt(text="Done.", language="en"),))).body)
    assert [verb.tag for verb in root] == ["Say", "Say", "Hangup"]


def test_a_receipt_is_spoken_slowly_and_twice(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    receipt = Prompt(
        text="Thank you.\nTip 4K7Q\n8391 4460 1234 5678\n\nMay we?", language="en", must_arrive=True, wants="choice"
    )
    lines = spoken(voice, raw, receipt)
    groups = ["8 3 9 1", "4 4 6 0", "1 2 3 4", "5 6 7 8"]
    assert lines[:12] == ["Thank you.", "Tip 4K7Q", *groups, "Once more.", *groups, "May we?"]


def test_what_must_be_heard_is_said_twice_and_the_question_after_it_once(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="8391446012345678")
    parts = ("Status: Received", "The officer asks: which shop?", "Say your answer.")
    answer = Prompt(text="\n\n".join(parts), parts=parts, language="en", must_arrive=True, wants="text")
    lines = spoken(voice, raw, answer)
    assert lines[:6] == [*parts[:2], "Once more.", *parts[:2], "Say your answer."]
    assert lines.count("Say your answer.") == 1


def test_what_is_only_for_the_eye_is_not_read_out(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    text = "Tip number 4K7Q-2XPM.\n• About: Illegal liquor / drugs\n• Since: 24/11/2026\nकॉल: एसपी/डीआईजी"
    prompt = Prompt(text=text, language="en", wants="choice", choices=(Choice("a:b:1", "Overloading/extortion"),))
    root = read_twiml(voice.reply(raw, Outcome(prompts=(prompt,))).body)
    lines = [said(verb) for verb in root.iter("Say")]
    assert lines[:4] == [
        "Tip number 4K7Q-2XPM.",
        "About: Illegal liquor, drugs",
        "Since: 24/11/2026",
        "कॉल: एसपी, डीआईजी",
    ]
    assert lines[4] == "Overloading, extortion: press 1."
    assert [(verb.get("interpret-as"), verb.text) for verb in root.iter("say-as")] == [
        ("characters", "4K7Q"), ("characters", "2XPM"),
    ]  # fmt: skip


def test_who_has_chosen_no_language_is_told_in_each_what_the_keys_do(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook", CallSid=SID)
    choices = (Choice("@language:hi:1", "हिन्दी"), Choice("@language:en:1", "English"))
    prompt = Prompt(text="भाषा चुनें:\nChoose a language.", language="hi", choices=choices, wants="choice")
    lines = spoken(voice, raw, prompt)
    assert [line for line in lines if "0 दबाएँ" in line or "press 0" in line] == [
        "पहले दी गई सूचना का जवाब सुनने के लिए 0 दबाएँ।", "To hear the answer to an earlier report press 0.",
    ]  # fmt: skip
    place = Prompt(text="Please check:\n• Place: लंका\n112?", language="en", choices=choices, wants="choice")
    assert not [line for line in spoken(voice, raw, place) if "0 दबाएँ" in line], "a word of theirs is no language"
    left = spoken(voice, signed("/voice/webhook/keys?n=6&s=3", CallSid=SID), prompt)
    assert [language_of(line, "") for line in left] == ["hi", "en", "hi", "en"]


def test_a_code_that_is_not_at_hand_is_left_by_two_keys(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="0")
    prompt = Prompt(text="Code?", language="en", wants="code", actions=(Choice("@code:@leave:1", "Close"),))
    assert "To leave this press 9 and hash." in spoken(voice, raw, prompt)
    (inbound,) = voice.parse(signed("/voice/webhook/keys?n=7&a=leave", CallSid=SID, Digits="9")).inbound
    assert inbound.event == word("leave")


def test_silence_counts_up_to_a_message_and_then_ends(voice: VoiceChannel, signed: Sign) -> None:
    for silent, tag in ((1, "Gather"), (2, "Gather"), (3, "Say"), (4, "Hangup")):
        raw = signed(f"/voice/webhook/keys?n=6&s={silent}", CallSid=SID)
        root = read_twiml(voice.reply(raw, Outcome(prompts=(menu(3),))).body)
        assert root[0].tag == tag
    again = read_twiml(voice.reply(signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1"), Outcome()).body)
    assert [verb.tag for verb in again] == ["Redirect"]


def test_words_that_xml_can_not_carry_do_not_end_the_call(voice: VoiceChannel, signed: Sign) -> None:
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    pasted = Prompt(text="Which shop?\x0bThe one by the mill?\x00 & <why>", language="en", wants="text")
    assert spoken(voice, raw, pasted)[0] == "Which shop? The one by the mill?  & <why>"


def test_a_line_is_read_in_the_language_it_is_written_in() -> None:
    assert [language_of(text, "hi") for text in ("हाँ", "Yes", "112", "UP65 में")] == ["hi", "en", "hi", "hi"]


def test_recorded_prompts_are_played_where_there_are_any(
    tmp_path: Path, settings: TwilioSettings, signed: Sign
) -> None:
    (tmp_path / f"{clip_name('hi', 'क्या हुआ?')}.mp3").write_bytes(b"ID3")
    (tmp_path / "notes.txt").write_text("not a sound")
    channel = VoiceChannel(settings.model_copy(update={"clips": tmp_path}), "https://satark.example")
    raw = signed("/voice/webhook/keys?n=6", CallSid=SID, Digits="1")
    root = read_twiml(channel.reply(raw, Outcome(prompts=(Prompt(text="क्या हुआ?", language="hi", wants="text"),))).body)
    (play,) = root.iter("Play")
    assert said(play) == f"https://satark.example/voice/clips/{clip_name('hi', 'क्या हुआ?')}.mp3"


@pytest.mark.parametrize(
    ("state", "path", "fields", "hindi", "english", "records"),
    [
        ("spooled", "", {}, "बीप के बाद", "after the beep", True),
        ("spooled", "/keys?n=3", {"Digits": "3"}, "बीप के बाद", "after the beep", True),
        ("spooled", "/record?n=3", {"RecordingSid": RECORDING}, "बीप के बाद", "after the beep", True),
        ("spooled", "/record?n=3&m=1", {"RecordingSid": RECORDING}, "सुरक्षित रखा गया है", "kept safe", False),
        ("refused", "", {}, "112", "112", False),
        ("refused", "/record?n=3&m=1", {"RecordingSid": RECORDING}, "112", "112", False),
    ],
)
def test_a_caller_hears_in_both_languages_what_an_outage_leaves_possible(
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
    outcome = Outcome(state=state, prompts=(Prompt(text="for who reads", language="hi", must_arrive=True),))
    root = read_twiml(voice.reply(signed(f"/voice/webhook{path}", CallSid=SID, **fields), outcome).body)
    heard = {say.get("language"): said(say) for say in root.iter("Say")}
    assert hindi in heard["hi-IN"]
    assert english in heard["en-IN"]
    assert [verb.tag for verb in root][-1] == "Hangup"
    assert bool([*root.iter("Record")]) is records
    assert all("m=1" in record.attrib["action"] for record in root.iter("Record"))


async def test_we_call_nobody(voice: VoiceChannel) -> None:
    prompt = Prompt(text="news", language="en")
    assert not voice.render(prompt, ACCOUNT, Address("+91"))
    assert not voice.notice(prompt, ACCOUNT, Address("+91"))
    assert await voice.send(ProviderCall(account=ACCOUNT, method="calls", body=b""), "0") == Permanent("method")


@pytest.mark.parametrize(
    "document",
    [
        b"<Response><Say>no language</Say></Response>",
        b'<Response><Say language="hi">x</Say></Response>',
        b"<Response><Gather><Record/></Gather></Response>",
        b"<Response><Dial>+1</Dial></Response>",
        b'<Response><Pause seconds="1"/></Response>',
        b'<Response><Pause length="0"/></Response>',
        b'<Response><Gather method="PUT"/></Response>',
        b'<Response><Record maxLength="forever"/></Response>',
        b'<Response><Record action="/relative"/></Response>',
        b'<Response><Gather finishOnKey="#*"/></Response>',
        b"<Response><Hangup/><Pause/></Response>",
        b"<Response>" + b" " * 65536 + b"</Response>",
        b"<Response><Message><Body></Body></Message></Response>",
        b"<Say/>",
        b"",
    ],
)
def test_the_peer_refuses_what_is_no_twiml(document: bytes) -> None:
    with pytest.raises(TwimlError):
        read_twiml(document)
